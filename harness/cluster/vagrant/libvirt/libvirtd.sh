#!/bin/sh
# libvirtd.sh FOLDER: a libvirtd of the project's own, as root, on a machine on which none runs.
#
# Started in mount and pid namespaces of its own: what the system's libvirt has below /etc, /var and /run stays as it
# is, and everything that this one starts ends with it. This script is process 1 there, and reaps.
#   FOLDER/libvirt-sock   where it listens
#   FOLDER/state          its definitions and disks
set -eu

folder=$1
state=$folder/state
mkdir -p "$state/etc" "$state/lib" "$state/cache" "$state/run" /etc/libvirt /var/lib/libvirt /var/cache/libvirt /run/libvirt
# The parts that come with the package are configuration of network filters; only these are needed.
if [ ! -e "$state/etc/libvirt.conf" ]; then cp -R /etc/libvirt/. "$state/etc/"; fi
rm -rf "$state/etc/qemu" "$state/etc/storage"
cat >"$state/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
CONF
cat >"$state/etc/libvirtd.conf" <<CONF
unix_sock_dir = "$folder"
unix_sock_group = "root"
unix_sock_rw_perms = "0770"
auth_unix_rw = "none"
auth_unix_ro = "none"
CONF
mount --bind "$state/etc" /etc/libvirt
mount --bind "$state/lib" /var/lib/libvirt
mount --bind "$state/cache" /var/cache/libvirt
mount --bind "$state/run" /run/libvirt

chains() { "$1" -t "$2" -S 2>/dev/null | sed -n 's/^-N \(LIBVIRT_.*\)$/\1/p'; }

# libvirt leaves its chains in the firewall, empty.
remove_chains() {
  for tool in iptables ip6tables; do
    for table in filter nat mangle; do
      "$tool" -t "$table" -S 2>/dev/null | sed -n 's/^-A \(.* -j LIBVIRT_.*\)$/-D \1/p' | while read -r rule; do
        # Words are split on purpose: a rule is several arguments.
        # shellcheck disable=SC2086
        "$tool" -t "$table" $rule
      done
      for chain in $(chains "$tool" "$table"); do "$tool" -t "$table" -F "$chain"; done
      for chain in $(chains "$tool" "$table"); do "$tool" -t "$table" -X "$chain"; done
    done
  done
}

found=$(chains iptables filter)
libvirtd --config "$state/etc/libvirtd.conf" --pid-file "$state/run/libvirtd.pid" &
daemon=$!
trap 'kill -TERM "$daemon"' TERM INT
code=0
wait "$daemon" || code=$?
# A signal interrupts the wait; the daemon then still needs a moment.
while kill -0 "$daemon" 2>/dev/null; do wait "$daemon" || code=$?; done
if [ -z "$found" ]; then remove_chains; fi
exit "$code"
