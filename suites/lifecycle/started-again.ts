import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  bringBack,
  expectIngress,
  expectOwnAddresses,
  expectReached,
  type LifecycleTest,
  published,
  runWhenPossible,
} from "./fixture.ts";

/** A network whose engine on `node` ended and is back, with a container of that node and a peer of it. */
export interface Field {
  node: ClusterNode;
  network: Network;
  ended: Workload;
  /** The peer, once it runs again. */
  peerAgain: () => Promise<Workload>;
}

/** The container, started again, and a new one have what a container of the network has, and their ports of the node. Throws `Nonconformance` where one has not. */
export async function expectStartedAgain(
  test: LifecycleTest,
  { node, network, ended, peerAgain: bringPeerBack }: Field,
  [hostPort, lateHostPort]: readonly [number, number],
): Promise<void> {
  const { scope, cluster } = test;
  const [again, peerAgain] = await Promise.all([bringBack(scope, network, ended, node), bringPeerBack()]);
  expectFact(`${ended.name}, started again`, "its address", again.ip, ended.ip);
  const { subnets } = await network.inspect(node);
  expectFact(`${node.name} after its engine came back`, "the network's subnets", subnets, [network.subnet]);
  const late = await runWhenPossible(scope, network, node, published(test, lateHostPort));
  await Promise.all([
    expectReached(test, again, { from: peerAgain, hostPort }),
    expectReached(test, late, { from: peerAgain, hostPort: lateHostPort }),
  ]);
  await expectOwnAddresses([again, late, peerAgain]);
  await expectIngress(cluster, node);
}
