#!/bin/sh
# Turns a node's root file system (packages and provisioning done) into that of a virtual machine which Vagrant can
# manage: the user `vagrant` with sudo, DHCP on the first interface, and as little to start as possible, since the
# machine may be emulated.
#
#   guest.sh packages      prints what a machine has beside a node's packages, one per line
#   guest.sh before ROOT   before packages are installed: what the initial RAM disk holds
#   guest.sh after ROOT    once everything is installed
set -eu

# A start of any of these costs an emulated machine seconds.
unneeded='apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer
  e2scrub_reap.service systemd-networkd-wait-online.service getty@tty1.service systemd-logind.service
  modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service
  modprobe@loop.service modprobe@dm_mod.service systemd-pstore.service systemd-tpm2-setup.service
  systemd-tpm2-setup-early.service systemd-update-utmp.service systemd-machine-id-commit.service
  systemd-hibernate-clear.service sys-kernel-debug.mount sys-kernel-tracing.mount'

write() {
  install -d -m 0755 "$(dirname "$1")"
  cat >"$1"
}

packages() {
  arch=$(dpkg --print-architecture)
  printf '%s\n' systemd systemd-sysv udev dbus passwd "linux-image-cloud-$arch" initramfs-tools \
    e2fsprogs openssh-client
}

# The kernel is started directly: it needs the disk's driver and nothing else.
before() {
  echo 'MODULES=list' | write "$1/etc/initramfs-tools/conf.d/netconform"
  write "$1/etc/initramfs-tools/hooks/netconform" <<'HOOK'
#!/bin/sh
if [ "${1:-}" = prereqs ]; then exit 0; fi
. /usr/share/initramfs-tools/hook-functions
manual_add_modules virtio_pci virtio_blk ext4
HOOK
  chmod 0755 "$1/etc/initramfs-tools/hooks/netconform"
}

after() {
  # Without PAM sshd lets nobody in whose password is locked; this one is none, but not locked.
  chroot "$1" useradd --create-home --shell /bin/bash --password '*' vagrant
  chroot "$1" usermod --append --groups docker vagrant
  echo 'vagrant ALL=(ALL) NOPASSWD: ALL' | write "$1/etc/sudoers.d/vagrant"
  chmod 0440 "$1/etc/sudoers.d/vagrant"
  # A session of PAM costs seconds on an emulated machine.
  echo 'UsePAM no' | write "$1/etc/ssh/sshd_config.d/20-vagrant.conf"
  echo tutorial | write "$1/etc/hostname"
  printf '127.0.0.1 localhost\n' | write "$1/etc/hosts"
  write "$1/etc/systemd/network/10-eth0.network" <<'NETWORK'
[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
[DHCPv4]
ClientIdentifier=mac
UseDNS=no
NETWORK
  # Routes and rules that engines and plugins make are theirs.
  write "$1/etc/systemd/networkd.conf.d/10-netconform.conf" <<'NETWORKD'
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
NETWORKD
  printf '[Journal]\nStorage=volatile\n' | write "$1/etc/systemd/journald.conf.d/10-netconform.conf"
  # A host key of its own for every machine, before sshd is started.
  write "$1/etc/systemd/system/ssh-host-key.service" <<'UNIT'
[Unit]
Description=Makes this machine's SSH host key
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
[Install]
WantedBy=multi-user.target
UNIT
  echo 'HostKey /etc/ssh/ssh_host_ed25519_key' | write "$1/etc/ssh/sshd_config.d/30-host-key.conf"
  chroot "$1" systemctl enable systemd-networkd ssh-host-key
  for unit in $unneeded; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done
  install -d -m 0755 "$1/etc/systemd/system-generators"
  for generator in ssh gpt-auto hibernate-resume tpm2 cryptsetup; do
    ln -sf /dev/null "$1/etc/systemd/system-generators/systemd-$generator-generator"
  done
}

case ${1:-} in
  packages) packages ;;
  before) before "${2:?guest.sh before: which folder?}" ;;
  after) after "${2:?guest.sh after: which folder?}" ;;
  *)
    echo "usage: guest.sh packages | before ROOT | after ROOT" >&2
    exit 2
    ;;
esac
