import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import {
  describeDifferences,
  readStableSnapshot,
  type Snapshot,
  settle,
} from "#harness/cluster/snapshot/snapshot.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { addressHosts, type StackedHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, type Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { EngineRefused, NotGone, Unsupported } from "#harness/core/errors.ts";
import { killAndStartEngine } from "#harness/workload/docker/engine/ends.ts";
import { startAndHold } from "#harness/workload/docker/engine/held-starts.ts";
import type { Network, WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  expectKept,
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  peerNodeOf,
  published,
  startWhenPossible,
  stop,
} from "#suites/lifecycle/fixture.ts";

const startsAtATime = 5;
const settleMs = 20_000;

/** Containers whose engine was killed while it started them, and is back. */
export interface CutOff {
  readonly node: ClusterNode;
  readonly stacked: Stacked;
  readonly everywhere: StackedHosts;
  readonly firstHostPort: number;
  /** What each asked for, and what was made of it. None of them runs. */
  readonly containers: readonly { readonly spec: WorkloadSpec; readonly made: Workload }[];
  /** Removes them. */
  readonly remove: () => Promise<void>;
  /** What was on the nodes before they were made, and when they were there and had stopped. */
  readonly before: Snapshot;
  readonly stopped: Snapshot;
}

/**
 * Kills the engine of a node while it starts containers of one network: it has made their network, and their first processes have not begun.
 * They had reached, and been reached, before; each has a port of the
 * node, from `firstHostPort` on, where the driver publishes. Throws `Unsupported` for a driver that engines ask over a socket, and
 * `NothingSeen` where fewer than two starts could be held.
 */
export async function cutOffStarts(test: ChapterContext & TestTools, firstHostPort: number): Promise<CutOff> {
  const { cluster, declaration, scope, varyingFact } = test;
  if (declaration.capabilities.includes("remote")) {
    throw new Unsupported(
      "of a plugin R8 asks it: an engine that is killed tells it nothing of what it had not written down",
    );
  }
  const node = nodeOf(cluster);
  // Throws `Blocked` before anything is made.
  await EngineControl.of(node);
  const stacked = await createStacked(scope, test);
  const { network } = stacked;
  const everywhere = await addressHosts(scope, cluster, stacked.versions);
  const specs = Array.from({ length: startsAtATime }, (_, index) =>
    // The engine chooses the addresses of the last one.
    index === startsAtATime - 1
      ? published(test, firstHostPort + index)
      : fixed(test, stacked, 200 + index, firstHostPort + index),
  );
  const run = async (own: Scope) =>
    Promise.all(specs.map(async (spec) => ({ spec, made: await network.run(own, node, spec) })));

  const first = scope.child("the containers while all is well");
  const peer = await network.run(first, peerNodeOf(test));
  await expectAllReached(test, { stacked, everywhere, firstHostPort }, peer, await run(first));
  await first.close();
  const before = await readStableSnapshot(cluster);

  const own = scope.child("the containers whose starts are cut off");
  const containers = await run(own);
  const made = containers.map((one) => one.made);
  await leaveAlone(node, made);
  await Promise.all(made.map(stop));
  const stopped = await readStableSnapshot(cluster);
  const cutOff = await killWhileStarting(own, node, made);
  varyingFact("starts that were cut off", cutOff);
  await Promise.all(made.map(stopIfRunning));
  const remove = () => own.close();
  return { node, stacked, everywhere, firstHostPort, containers, remove, before, stopped };
}

/** Each container has its addresses, which are nobody else's, and it and the peer reach each other, by name and by its port of the node too. */
export async function expectAllReached(
  test: ChapterContext & TestTools,
  { stacked, everywhere, firstHostPort }: Pick<CutOff, "stacked" | "everywhere" | "firstHostPort">,
  peer: Workload,
  containers: CutOff["containers"],
): Promise<void> {
  await Promise.all(
    containers.map(async ({ spec, made }, index) => {
      if (spec.ip !== undefined) await expectKept(made.name, stacked, made, spec);
      await expectReached(test, made, { from: peer, stacked, everywhere, hostPort: firstHostPort + index });
    }),
  );
  await expectOwnAddresses(stacked, [...containers.map(({ made }) => made), peer]);
}

/** Nothing is on the nodes that was not there at a moment before, `when`. Throws `NotGone` otherwise. */
export async function expectNothingLeft(
  { cluster }: Pick<ChapterContext, "cluster">,
  { node }: Pick<CutOff, "node">,
  snapshot: Snapshot,
  when: string,
): Promise<void> {
  const differences = await settle(cluster, snapshot, settleMs);
  const left = differences.filter(({ change }) => change === "left behind");
  if (left.length === 0) return;
  throw new NotGone({
    who: `the nodes after the engine of ${node.name} was killed while it started ${startsAtATime} containers`,
    expected: `nothing that was not there ${when}`,
    got: `${left.length} things\n${describeDifferences(left)}`,
  });
}

/** Kills the engine while it starts the containers. Resolves to how many starts were cut off, when it is back. */
async function killWhileStarting(
  scope: Scope,
  node: ClusterNode,
  stopped: readonly Workload[],
): Promise<number> {
  const { letGo, countCutOff } = await startAndHold(scope, node, stopped);
  // As it is where the engine alone has ended: what it had started goes on without it.
  await killAndStartEngine(node, letGo);
  return countCutOff();
}

/** What had started in time goes on where the engine leaves its containers running. */
async function stopIfRunning(workload: Workload): Promise<void> {
  const { State } = await workload.node.docker.getContainer(workload.id).inspect();
  if (State.Running) await stop(workload);
}

/** Starts a container; with what the engine refused it in the end, or that it runs without the network. */
export async function startedAgain(
  scope: Scope,
  network: Network,
  workload: Workload,
): Promise<{ readonly made: Workload; readonly trouble?: string }> {
  try {
    const made = await startWhenPossible(scope, network, workload);
    return made.ip === "" ? { made, trouble: "started without an address" } : { made };
  } catch (error) {
    if (error instanceof EngineRefused) return { made: workload, trouble: error.message };
    throw error;
  }
}
