import { dockerDriver } from "#drivers/kit/docker-driver/docker-driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import { rangeOf } from "./range.ts";

/** Clusters on which a network has the data interface itself for its parent. */
const taken = new Set<string>();
let next = 0;

/**
 * Docker's own macvlan on the data interface as it is, untagged. An engine gives a parent to one network alone: what comes beside the
 * first has a macvlan device of that interface for its parent. The kernel puts the containers' devices on the interface
 * below, so that all networks are on one wire. Nothing keeps them apart but their subnets.
 */
export default dockerDriver({
  name: "macvlan-plain",
  title: "Docker macvlan on a plain parent",
  capabilities: ["multihost", "hotplug", "ipv6"],
  needs: { multihost: ["macvlan"], hotplug: ["macvlan"], ipv6: ["macvlan", "ipv6"] },

  underlay: "data",
  driver: "macvlan",
  async network(spec, cluster, scope) {
    const { subnet = freshSubnet(), subnet6 } = spec;
    const parentOn = await parentsFor(scope, cluster);
    return {
      subnet,
      gateway: spec.gateway ?? nthAddress(subnet, 1),
      optionsOn: (node) => ({ parent: parentOn(node) }),
      rangeOn: (node) => rangeOf(cluster, node, subnet),
      ...(subnet6 ? { range6On: (node: ClusterNode) => rangeOf(cluster, node, subnet6) } : {}),
    };
  },
});

/** The device on each node that a network is to have for its parent, until `scope` closes. */
async function parentsFor(scope: Scope, cluster: Cluster): Promise<(node: ClusterNode) => string> {
  const dataOf = ({ interfaces }: ClusterNode) => interfaces.data.device;
  if (!taken.has(cluster.id)) {
    taken.add(cluster.id);
    scope.defer("the data interface as a parent", async () => void taken.delete(cluster.id));
    return dataOf;
  }
  const device = `ncmv${next++}`;
  await Promise.all(
    cluster.nodes.map((node) =>
      withUndo(
        scope,
        node,
        ["ip", "link", "add", "link", dataOf(node), "name", device, "type", "macvlan", "mode", "bridge"],
        ["ip", "link", "del", device],
      ),
    ),
  );
  return () => device;
}
