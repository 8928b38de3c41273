import { withLock } from "#harness/core/lock.ts";
import { within } from "#harness/core/poll.ts";
import type { Progress } from "#harness/core/progress.ts";
import type { OwnedCluster } from "./provider.ts";
import { RemoteCluster } from "./remote-cluster.ts";
import type { ClusterState, ClusterStates } from "./state.ts";

export interface KeptClusters {
  readonly states: ClusterStates;
  readonly progress: Progress;
  /** A cluster that is well answers within a fraction of this. */
  readonly answerMs: number;
  tearDown(state: ClusterState): Promise<void>;
}

/**
 * Takes over a kept cluster that fits `key` and answers; one that does not answer in time is torn down. `undefined` when
 * there is none.
 */
export async function reuseKept(
  key: string,
  { states, progress, answerMs, tearDown }: KeptClusters,
): Promise<OwnedCluster | undefined> {
  const state = await withLock("kept clusters", async () => states.claim(key), {
    what: "choosing a cluster",
  });
  if (!state) return undefined;
  const cluster = new RemoteCluster(state);
  try {
    await within(
      { what: "every node of it to answer", deadlineMs: answerMs },
      Promise.all([...cluster.nodes.map((node) => node.docker.ping()), cluster.external.run(["true"])]),
    );
    return { state, cluster, reused: true };
  } catch (error) {
    progress.say(
      `the kept cluster ${state.id} does not answer (${(error as Error).message}); making a new one`,
    );
    await Promise.all([cluster.disconnect(), tearDown(state)]);
    return undefined;
  }
}
