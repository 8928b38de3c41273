import Table from "cli-table3";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import {
  compareSnapshots,
  describeDifferences,
  readClusterSnapshot,
} from "#harness/cluster/snapshot/snapshot.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { within } from "#harness/core/async/poll.ts";
import { isAlive } from "#harness/core/process/process.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { typed } from "#harness/core/typed.ts";
import { hostsOf } from "./hosts.ts";

const answerMs = 10_000;

/** Lists the clusters, and of kept ones what differs from what was there when the driver had been installed. */
export async function status(settings: Settings): Promise<number> {
  const states = new ClusterStates(settings);
  const all = states.all();
  if (all.length === 0) {
    console.log("no clusters");
    return 0;
  }
  const changes = await Promise.all(all.map((state) => changesOf(state, states)));
  const table = new Table({
    head: ["cluster", "driver", "engine", "state", "hosts"],
    style: { head: [], border: [] },
  });
  for (const [index, state] of all.entries()) {
    const hosts = hostsOf(state)
      .map(({ name, address }) => `${name} ${address}`)
      .join("\n");
    table.push([
      state.id,
      state.driver,
      state.engine,
      `${useOf(state)}\n${changes[index]?.brief ?? ""}`,
      hosts,
    ]);
  }
  console.log(table.toString());
  for (const [index, { id }] of all.entries()) {
    const { details } = changes[index] ?? {};
    if (details)
      console.log(`${id} differs from its baseline; ${typed(`cluster down ${id}`)} removes it\n${details}`);
  }
  return 0;
}

function useOf({ owner, kept }: ClusterState): string {
  if (isAlive(owner)) return "in use";
  return kept ? "kept" : "abandoned";
}

/** A cluster that a run is using changes all the time, and an abandoned one is removed by the next run. */
async function changesOf(
  state: ClusterState,
  states: ClusterStates,
): Promise<{ readonly brief: string; readonly details?: string }> {
  const baseline = states.baseline(state.id);
  if (useOf(state) !== "kept" || !baseline) return { brief: "" };
  const cluster = new RemoteCluster(state);
  try {
    const what = `the nodes of ${state.id} to answer`;
    const now = await within({ what, deadlineMs: answerMs }, readClusterSnapshot(cluster));
    const differences = compareSnapshots(baseline, now);
    if (differences.length === 0) return { brief: "as installed" };
    return { brief: `dirty: ${differences.length}`, details: describeDifferences(differences) };
  } catch (error) {
    return { brief: "no answer", details: `  ${(error as Error).message}` };
  } finally {
    await cluster.disconnect();
  }
}
