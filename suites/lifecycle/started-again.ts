import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import type { StackedHosts } from "#harness/conformance/ip-versions/hosts.ts";
import type { Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  bringBack,
  expectIngress,
  expectKept,
  expectOwnAddresses,
  expectReached,
  type LifecycleTest,
  published,
  runWhenPossible,
} from "./fixture.ts";

/** A network whose engine on `node` ended and is back, with a container of that node and a peer of it. */
export interface Field {
  node: ClusterNode;
  stacked: Stacked;
  everywhere: StackedHosts;
  /** The addresses that the container asked for. */
  asked: Pick<WorkloadSpec, "ip" | "ip6">;
  ended: Workload;
  /** The peer, once it runs again. */
  peerAgain: () => Promise<Workload>;
}

/** The container, started again, and a new one have what a container of the network has, and their ports of the node. Throws `Nonconformance` where one has not. */
export async function expectStartedAgain(
  test: LifecycleTest,
  { node, stacked, everywhere, asked, ended, peerAgain: bringPeerBack }: Field,
  [hostPort, lateHostPort]: readonly [number, number],
): Promise<void> {
  const { scope, cluster } = test;
  const { network, subnet6 } = stacked;
  const [again, peerAgain] = await Promise.all([bringBack(scope, network, ended, node), bringPeerBack()]);
  await expectKept(`${ended.name}, started again`, stacked, again, asked);
  const { subnets } = await network.inspect(node);
  expectFact(`${node.name} after its engine came back`, "the network's subnets", subnets, [
    network.subnet,
    ...(subnet6 ? [subnet6] : []),
  ]);
  const late = await runWhenPossible(scope, network, node, published(test, lateHostPort));
  const reach = { from: peerAgain, stacked, everywhere };
  await Promise.all([
    expectReached(test, again, { ...reach, hostPort }),
    expectReached(test, late, { ...reach, hostPort: lateHostPort }),
  ]);
  await expectOwnAddresses(stacked, [again, late, peerAgain]);
  await expectIngress(cluster, node);
}
