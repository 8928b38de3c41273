import type { InstalledDriver } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { createStacked, type Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import type { Network, NetworkSpec, WorkloadSpec } from "#harness/workload/network.ts";
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
  const nodes = twoOf(cluster);
  return runOn(scope, await driver.createNetwork(scope, spec), nodes);
}

/** As `runPair`, on a network that carries each IP version that the driver declares. */
export async function runStackedPair(
  scope: Scope,
  context: Pick<ChapterContext, "cluster" | "declaration"> & { readonly driver: InstalledDriver },
  spec: NetworkSpec = {},
): Promise<Pair & Stacked> {
  const nodes = twoOf(context.cluster);
  const stacked = await createStacked(scope, context, spec);
  return { ...stacked, ...(await runOn(scope, stacked.network, nodes)) };
}

function twoOf({ nodes }: Cluster): readonly [ClusterNode, ClusterNode] {
  const [first, second] = nodes;
  if (!first || !second) throw new Blocked(`two nodes are needed, NODES=${nodes.length}`);
  return [first, second];
}

async function runOn(
  scope: Scope,
  network: Network,
  nodes: readonly [ClusterNode, ClusterNode],
): Promise<Pair> {
  const [a, b] = await runInTurn(scope, network, nodes);
  return { network, a: a!, b: b! };
}

/**
 * Starts a workload on each of these nodes, one after the other. Where all join a network at once, engines may tell each other of the containers
 * only with their next full exchange, half a minute later (libnetwork, networkdb). M4's mesh, W3 and W5 ask for that, and wait for it.
 */
export async function runInTurn(
  scope: Scope,
  network: Network,
  nodes: readonly ClusterNode[],
  spec: WorkloadSpec = {},
): Promise<Workload[]> {
  const workloads: Workload[] = [];
  for (const node of nodes) workloads.push(await network.run(scope, node, spec));
  return workloads;
}
