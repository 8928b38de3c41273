#!/bin/sh
# workload-rootfs.sh FOLDER: turns an unpacked busybox-static into the workload's root file system.
set -eu
cd "$1"

program=bin/busybox
[ -f "$program" ] || program=usr/bin/busybox
cp "$program" /tmp/busybox.$$
# The build has mounts in the first three, and still cleans up after itself in the others.
find . -mindepth 1 -maxdepth 1 \
  ! -name dev ! -name proc ! -name sys ! -name etc ! -name var -exec rm -rf {} +
rm -rf var/lib/apt/lists/* var/cache/apt/*
mkdir -p bin dev etc proc root run sys tmp var/www
ln -s bin sbin
chmod 1777 tmp
mv /tmp/busybox.$$ bin/busybox
for applet in $(bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'root:x:0:' >etc/group
echo 'hosts: files dns' >etc/nsswitch.conf
