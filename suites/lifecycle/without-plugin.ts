import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { within } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { askEngine, runContainer } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import type { LifecycleTest } from "./fixture.ts";

/**
 * While the plugin is away the engine says so of a container of its network that is to start, and meanwhile does what does not
 * concern the plugin.
 */
export async function expectAnswersWithout(
  scope: Scope,
  { cluster, node }: Pick<LifecycleTest, "cluster"> & { node: ClusterNode },
  network: Network,
  { id, name }: Workload,
): Promise<void> {
  const container = node.docker.getContainer(id);
  const what = `docker start ${name}`;
  const without = "whose plugin does not come";
  const refused = expectRefusal(`${what}, ${without}`, askEngine(node, what, container.start()));
  const other = runContainer(scope, node, { image: cluster.image, network: "bridge" });
  await Promise.all([
    expectAnswer(`${what} on ${node.name}, ${without}`, refused),
    expectAnswer(`docker run on the engine's own bridge of ${node.name}`, other),
    expectAnswer(`docker network inspect ${network.name} on ${node.name}`, network.inspect(node)),
  ]);
  const { State } = await container.inspect();
  expectFact(`${name} on ${node.name}, ${without}`, "whether it runs", State.Running, false);
}

/** An engine looks for a plugin for half a minute at most (moby, pkg/plugins). */
const answerMs = 60_000;

async function expectAnswer<T>(who: string, answer: Promise<T>): Promise<T> {
  return within({ what: who, deadlineMs: answerMs }, answer).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw new Nonconformance({ who, expected: "an answer", got: `none within ${answerMs / 1000} s` });
  });
}
