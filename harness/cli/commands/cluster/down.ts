import type { Provider } from "#harness/cluster/provider.ts";
import { openProvider } from "#harness/cluster/providers.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { isAlive } from "#harness/core/process/process.ts";
import type { ClusterProvider, Settings } from "#harness/core/settings/schema.ts";
import { readSettings } from "#harness/core/settings/settings.ts";

const progress = progressOn(process.stderr);

/**
 * Removes the clusters of these ids, or where there is none all of this user's with what interrupted runs have left. One that
 * a run is using stays. Resolves to the exit code. Throws `UsageError` for an id that no cluster has, before any is removed.
 */
export async function down(ids: readonly string[]): Promise<number> {
  const settings = readSettings();
  const states = new ClusterStates(settings);
  const known = states.all();
  for (const id of ids) {
    if (known.some((state) => state.id === id)) continue;
    const list = known.map((state) => state.id).join(", ") || "none: no cluster is up";
    throw new UsageError(`cluster down ${id}: no such cluster; expected one of ${list}`);
  }
  const all = ids.length === 0;
  const wanted = (state: ClusterState) => all || ids.includes(state.id);
  let failed = 0;
  for (const name of providersInUse(settings, known, wanted, all)) {
    const provider = await openProvider(settings, progress, name);
    const { busy, broken } = await removeFrom(provider, states, wanted);
    failed += broken + (all ? 0 : busy);
    if (all) await provider.sweep();
    await provider.release({ stop: all && busy === 0 });
  }
  return failed > 0 ? 1 : 0;
}

/** Resolves to how many have stayed: because a run is using them, and because they could not be removed. */
async function removeFrom(
  provider: Provider,
  states: ClusterStates,
  wanted: (state: ClusterState) => boolean,
): Promise<{ busy: number; broken: number }> {
  let [busy, broken] = [0, 0];
  for (const state of provider.states().filter(wanted)) {
    if (isAlive(state.owner)) {
      busy++;
      console.log(`left ${state.id}: a run is using it`);
      continue;
    }
    try {
      await provider.tearDown(state);
      console.log(`removed ${state.id} (${state.driver}@${state.engine})`);
    } catch (error) {
      broken++;
      console.log(`left ${state.id}: ${(error as Error).message}\n  its state is ${states.path(state.id)}`);
    }
  }
  return { busy, broken };
}

/** The providers of the clusters that are to go and, where that is all of them, the one that is set: for what has no state. */
function providersInUse(
  settings: Settings,
  known: readonly ClusterState[],
  wanted: (state: ClusterState) => boolean,
  all: boolean,
): ClusterProvider[] {
  const theirs = known.filter(wanted).map(({ provider }) => provider);
  return [...new Set([...(all ? [settings.CLUSTER] : []), ...theirs])];
}
