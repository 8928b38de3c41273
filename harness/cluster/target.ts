import type { Driver } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import type { EngineVersion, Settings } from "#harness/config/settings.ts";
import { openTranscript } from "#harness/host/transcript.ts";
import type { Progress } from "#harness/progress.ts";
import { Scope } from "#harness/scope.ts";
import { type Engine, ensureEngine } from "#harness/setup/engine.ts";
import { bringUp, keep, tearDown } from "./lifecycle.ts";
import type { RemoteCluster } from "./remote-cluster.ts";
import { type ClusterState, ClusterStates } from "./state.ts";

/** A cluster that is up and carries a driver. */
export interface Target {
  readonly driver: Driver;
  readonly cluster: RemoteCluster;
  readonly state: ClusterState;
  /** Uninstalls the driver and removes the cluster without a trace. */
  remove(): Promise<void>;
  /** Leaves everything to a later run and says how to reach it. */
  keep(): Promise<void>;
}

/**
 * Brings up a cluster, new or kept (`fresh`: new in any case), and installs the driver on it. What was begun is removed when a step fails.
 * Throws `UsageError` for an unknown driver, `HarnessError` when something does not start.
 */
export async function openTarget(
  settings: Settings,
  progress: Progress,
  reference: string,
  version: EngineVersion,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<Target> {
  const driver = await loadDriver(reference);
  const engine = await ensureEngine(settings, progress);
  const ground = { docker: engine.docker, host: engine.host, settings, progress };
  const { cluster, state } = await releasing(engine, () => bringUp(ground, driver.name, version, { fresh }));
  openTranscript(`${settings.REPORTS}/transcripts/${state.id}-setup.jsonl`, settings.VERBOSE);
  const scope = new Scope(`${driver.name} on ${state.id}`);
  const remove = async () => {
    await scope.close().catch((error: Error) => progress.say(error.message));
    await cluster.disconnect();
    await progress.step(`removing the cluster ${state.id}`, () => tearDown(ground, state));
    await engine.release();
  };
  try {
    const attachment = await progress.step(`installing ${driver.title}`, () =>
      driver.install(scope, cluster),
    );
    const installed = { ...state, attachment };
    new ClusterStates(settings).save(installed);
    return {
      driver,
      cluster,
      state: installed,
      remove,
      keep: async () => {
        keep(settings, installed);
        await cluster.disconnect();
        await engine.release({ keep: true });
        progress.say(
          `kept ${state.id} (${driver.name}@${version}): npm run cluster -- ssh node1, npm run cluster -- down`,
        );
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function releasing<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await engine.release();
    throw error;
  }
}
