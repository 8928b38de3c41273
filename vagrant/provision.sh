#!/bin/sh
# Makes a Debian system a node: the one list of packages and the one configuration
# that Vagrant VMs and container nodes share.
#
#   provision.sh packages ENGINE   prints the packages for that engine version, one per line; none: those beside an engine
#   provision.sh configure         configures a system on which those packages are installed
#   provision.sh [ENGINE]          both, on a running VM: apt-get install, then configure; MIRROR: the Debian mirror
#                                  to use. Again, it changes nothing
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

packages() {
  case $1 in
    20.10) engine='docker.io containerd etcd-server etcd-client' ;; # the last one with --cluster-store
    26.1 | 28.5) engine='docker.io docker-cli containerd' ;;
    none) engine='' ;;
    *)
      echo "provision.sh: unknown engine version '$1'; expected 20.10, 26.1, 28.5 or none" >&2
      exit 2
      ;;
  esac
  # Words are split on purpose: one package per line.
  # shellcheck disable=SC2086
  printf '%s\n' $engine \
    containernetworking-plugins openvswitch-switch \
    openssh-server openssh-sftp-server sudo tini procps mount kmod \
    iproute2 iputils-ping iptables nftables conntrack ethtool tcpdump \
    curl netcat-openbsd dnsmasq-base bird2 python3
}

# The engine version whose suite this system is.
native_engine() {
  # shellcheck source=/dev/null
  . /etc/os-release
  case ${VERSION_CODENAME:-} in
    bookworm) echo 20.10 ;;
    trixie) echo 26.1 ;;
    sid | forky) echo 28.5 ;;
    *)
      echo "provision.sh: ${PRETTY_NAME:-this system} carries no engine version that is known here; expected Debian bookworm, trixie or sid" >&2
      exit 2
      ;;
  esac
}

configure_sshd() {
  install -d -m 0755 /etc/ssh/sshd_config.d
  config=/etc/ssh/sshd_config.d/10-netconform.conf
  # The harness multiplexes everything over one connection and forwards sockets both ways.
  cat >"$config" <<'CONFIG'
PermitRootLogin prohibit-password
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxSessions 1000
MaxStartups 1000
LoginGraceTime 30
AllowStreamLocalForwarding yes
AllowTcpForwarding yes
StreamLocalBindUnlink yes
UseDNS no
X11Forwarding no
PrintMotd no
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
CONFIG
  # From 9.8 on, connections that never authenticate (a port probe) would get their source locked out.
  if dpkg --compare-versions "$(dpkg-query --show --showformat='${Version}' openssh-server)" ge 1:9.8; then
    echo 'PerSourcePenalties no' >>"$config"
  fi
}

# What packages bring, for an engine that came without one.
describe_bare_service() {
  cat >/etc/systemd/system/docker.socket <<'UNIT'
[Socket]
ListenStream=/run/docker.sock
SocketMode=0660

[Install]
WantedBy=sockets.target
UNIT
  cat >/etc/systemd/system/docker.service <<'UNIT'
[Unit]
After=network-online.target containerd.service
Wants=network-online.target
Requires=docker.socket

[Service]
Type=notify
Delegate=yes
KillMode=process
LimitNOFILE=infinity

[Install]
WantedBy=multi-user.target
UNIT
}

dropin=/etc/systemd/system/docker.service.d/netconform.conf

# Under systemd the engine takes its flags and has its log where netconform-engine has them without.
describe_service() {
  install -d -m 0755 "$(dirname "$dropin")"
  [ -e /lib/systemd/system/docker.service ] || describe_bare_service
  cat >"$dropin" <<UNIT
[Service]
EnvironmentFile=-/etc/default/netconform-engine
ExecStart=
ExecStart=$program -H fd:// \$DOCKERD_FLAGS
StandardOutput=append:/var/log/dockerd.log
StandardError=append:/var/log/dockerd.log
UNIT
}

start_services() {
  # As in a container node: the harness starts these when it needs them.
  for unit in etcd openvswitch-switch bird; do
    if [ -e "/lib/systemd/system/$unit.service" ]; then systemctl disable --quiet "$unit"; fi
  done
  systemctl enable --quiet ssh docker
  [ -d /run/systemd/system ] || return 0
  systemctl daemon-reload
  systemctl restart ssh docker
}

configuration() {
  cat /etc/ssh/sshd_config.d/10-netconform.conf /usr/local/sbin/netconform-* "$dropin" 2>/dev/null | cksum
}

configure() {
  before=$(configuration)
  configure_sshd
  for tool in netconform-engine netconform-node; do
    if [ -f "$here/$tool" ]; then install -m 0755 "$here/$tool" "/usr/local/sbin/$tool"; fi
  done
  # A node image without an engine is what an engine that comes in no package is put into.
  program=$(PATH=/usr/local/bin:/usr/bin:/usr/sbin command -v dockerd) || return 0
  [ -e /lib/systemd/systemd ] || return 0
  describe_service
  if [ "$before" != "$(configuration)" ]; then start_services; fi
}

# Packages of the list that are not installed.
missing() {
  for package in $1; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

use_mirror() {
  # shellcheck source=/dev/null
  . /etc/os-release
  rm -f /etc/apt/sources.list.d/debian.sources
  echo "deb [check-valid-until=no] $1 ${VERSION_CODENAME:-sid} main" >/etc/apt/sources.list
}

case ${1:-} in
  packages) packages "${2:?provision.sh packages: which engine version?}" ;;
  configure) configure ;;
  *)
    list=$(missing "$(packages "${1:-$(native_engine)}")")
    if [ -n "$list" ]; then
      export DEBIAN_FRONTEND=noninteractive
      if [ -n "${MIRROR:-}" ]; then use_mirror "$MIRROR"; fi
      apt-get update
      # shellcheck disable=SC2086
      apt-get install --yes --no-install-recommends $list
    fi
    configure
    ;;
esac
