import type { ClusterNode } from "#harness/cluster/cluster.ts";

/** Each network namespace of the node by one of its paths. Engines and `ip netns` mount those without a process. */
const namespaces = `stat --dereference --format='%i %n' /proc/[0-9]*/ns/net \
  $(awk '$3 == "nsfs" { print $2 }' /proc/mounts) 2>/dev/null |
  sort --unique --key=1,1 | cut --delimiter=' ' --fields=2`;

/** What a namespace has learned; entries that somebody made are permanent and stay. A device may go while it is looked at. */
const forget = `
devices() { ip -oneline link show type "$1" | cut -d ' ' -f 2 | cut -d @ -f 1 | tr -d :; }
ip neighbour flush all
for device in $(devices bridge); do
  ip link set "$device" type bridge fdb_flush || ! ip link show "$device" || exit 1
done
for device in $(devices vxlan); do
  for mac in $(bridge fdb show dev "$device" | grep ' dst ' | grep -v -E 'permanent|static' | cut -d ' ' -f 1); do
    bridge fdb del "$mac" dev "$device" self || ! bridge fdb show dev "$device" | grep -q "^$mac" || exit 1
  done
done`;

/**
 * Makes every kernel and switch of a node forget which neighbour has which MAC and behind which port it is, as a network does on
 * which nobody has said anything for long.
 */
export async function forgetLearned(node: ClusterNode): Promise<void> {
  const everywhere = `for ns in $(${namespaces}); do
    nsenter --net="$ns" sh -c "$1" || test ! -e "$ns" || exit 1
  done`;
  await node.run(["sh", "-c", everywhere, "sh", forget]);
  await node.run([
    "sh",
    "-c",
    "if test -e /run/openvswitch/ovs-vswitchd.pid; then ovs-appctl --timeout=10 fdb/flush; fi",
  ]);
}
