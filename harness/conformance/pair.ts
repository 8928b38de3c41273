import type { InstalledDriver } from "#drivers/driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import type { Network, NetworkSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** A network with one container on each of two nodes: the set-up of most of the tutorial. */
export interface Pair {
  network: Network;
  a: Workload;
  b: Workload;
}

/** Makes a network and starts a workload on the first two nodes. Throws `Blocked` on a cluster of one. */
export async function runPair(
  scope: Scope,
  { cluster, driver }: { cluster: Cluster; driver: InstalledDriver },
  spec: NetworkSpec = {},
): Promise<Pair> {
  const [first, second] = cluster.nodes;
  if (!first || !second) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
  const network = await driver.createNetwork(scope, spec);
  const [a, b] = await Promise.all([network.run(scope, first), network.run(scope, second)]);
  return { network, a, b };
}
