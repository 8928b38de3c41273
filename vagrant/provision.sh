#!/bin/sh
# Makes a Debian system a node: the one list of packages and the one configuration
# that Vagrant VMs and container nodes share.
#
#   provision.sh packages ENGINE   prints the packages for that engine version, one per line
#   provision.sh configure         configures a system on which those packages are installed
#   provision.sh [ENGINE]          both, on a running VM: apt-get install, then configure
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

packages() {
  case $1 in
    20.10) engine='docker.io etcd-server etcd-client' ;; # the last one with --cluster-store
    26.1 | 28.5) engine='docker.io docker-cli' ;;
    *)
      echo "provision.sh: unknown engine version '$1'; expected 20.10, 26.1 or 28.5" >&2
      exit 2
      ;;
  esac
  # Words are split on purpose: one package per line.
  # shellcheck disable=SC2086
  printf '%s\n' $engine \
    containerd containernetworking-plugins openvswitch-switch \
    openssh-server openssh-sftp-server sudo tini procps mount kmod \
    iproute2 iputils-ping iptables nftables conntrack ethtool tcpdump \
    curl netcat-openbsd dnsmasq-base python3
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

configure() {
  configure_sshd
  for tool in netconform-engine netconform-node; do
    if [ -f "$here/$tool" ]; then install -m 0755 "$here/$tool" "/usr/local/sbin/$tool"; fi
  done
  if [ -d /run/systemd/system ]; then
    systemctl enable ssh docker
    systemctl restart ssh docker
  fi
}

case ${1:-} in
  packages) packages "${2:?provision.sh packages: which engine version?}" ;;
  configure) configure ;;
  *)
    list=$(packages "${1:-$(native_engine)}")
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    # shellcheck disable=SC2086
    apt-get install --yes --no-install-recommends $list
    configure
    ;;
esac
