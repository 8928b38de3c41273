#!/bin/sh
# pack.sh NAME.box <ROOT.tar: packs a root file system as a Vagrant box for the provider libvirt, as root.
#
# The box holds no boot loader: libvirt starts the kernel directly, which the box's own Vagrantfile says. Who may log
# in is told by a key pair that is made here and that the box carries, so no well-known key opens the machine.
# Needs e2fsprogs, qemu-utils and openssh-client. DISK: size of the disk, default 10G; what is not used costs nothing.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
box=${1:?usage: pack.sh NAME.box <ROOT.tar}
disk=${DISK:-10G}

work=$(mktemp -d "$(dirname "$box")/pack.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root
parts=$work/parts
mkdir "$root" "$parts"

tar -x --numeric-owner -C "$root" -f -
cp -L "$root/vmlinuz" "$parts/vmlinuz"
cp -L "$root/initrd.img" "$parts/initrd.img"

ssh-keygen -q -t ed25519 -N '' -C vagrant -f "$work/key"
mv "$work/key" "$parts/vagrant_private_key"
owner=$(awk -F: '$1 == "vagrant" { print $3 ":" $4 }' "$root/etc/passwd")
install -d -m 0700 "$root/home/vagrant/.ssh"
install -m 0600 "$work/key.pub" "$root/home/vagrant/.ssh/authorized_keys"
chown -R "$owner" "$root/home/vagrant/.ssh"

mke2fs -q -t ext4 -d "$root" "$work/disk.raw" "$disk"
qemu-img convert -O qcow2 "$work/disk.raw" "$parts/box.img"
bytes=$(stat -c %s "$work/disk.raw")
printf '{"provider":"libvirt","format":"qcow2","virtual_size":%d}\n' $(((bytes + 1073741823) / 1073741824)) \
  >"$parts/metadata.json"
cp "$here/Vagrantfile" "$parts/Vagrantfile"
tar -c -C "$parts" -f "$work/box" metadata.json Vagrantfile vagrant_private_key vmlinuz initrd.img box.img
mv "$work/box" "$box"
