import type { Cluster } from "#harness/cluster/cluster.ts";
import { describeDifferences, type Snapshot, settle } from "#harness/cluster/snapshot/snapshot.ts";
import type { ClusterState } from "#harness/cluster/state.ts";
import { UsageError } from "#harness/core/errors.ts";
import { typed } from "#harness/core/typed.ts";

/** As long as C1 gives an engine to drop what it was told to. */
const settleMs = 15_000;

/**
 * Throws `UsageError` for a kept cluster on which nothing can be judged: what an earlier run left there would be taken for the
 * plugin's, or hide what it leaves now. It is neither cleaned nor replaced, since somebody kept it to look at it.
 */
export function refuseUnfit({ id, unfit }: Pick<ClusterState, "id" | "unfit">): void {
  if (unfit === undefined) return;
  throw new UsageError(`the kept cluster ${id} is not used again: ${unfit}`, {
    hint: `look at it, then remove it and run again: ${typed(`cluster down ${id}`)}`,
  });
}

/** Why no later run may build on a cluster; `undefined` when it is as it was when its driver had been installed. */
export async function unfitBecause(
  cluster: Pick<Cluster, "nodes">,
  { driver, baseline }: { driver: string; baseline: Snapshot },
): Promise<string | undefined> {
  const differences = await settle(cluster, baseline, settleMs);
  if (differences.length === 0) return undefined;
  const what = `it is not as it was when ${driver} had been installed: ${differences.length} differences`;
  return `${what}\n${describeDifferences(differences)}`;
}
