import type { TestProject } from "vitest/node";
import { loadDriver } from "#drivers/loader.ts";
import { type EngineVersion, explainSettings, readSettings } from "#harness/config/settings.ts";
import { openTranscript } from "#harness/host/transcript.ts";
import { readClusterLedger } from "#harness/ledger/ledger.ts";
import { progressOn } from "#harness/progress.ts";
import { Scope } from "#harness/scope.ts";
import { ensureEngine } from "#harness/setup/engine.ts";
import { bringUp, keep, tearDown } from "./lifecycle.ts";
import { ClusterStates } from "./state.ts";

/**
 * Brings up a cluster for one target (a vitest project), installs the driver on it, and takes both away again.
 * With `KEEP=1` the cluster stays for the next run.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const settings = readSettings();
  const progress = progressOn(process.stderr);
  const { target } = project.config.provide as { target: { reference: string; engine: EngineVersion } };
  progress.say(`${project.name}: ${explainSettings(settings)}`);
  const driver = await loadDriver(target.reference);
  const engine = await ensureEngine(settings, progress);
  const ground = { docker: engine.docker, settings, progress };
  const owned = await bringUp(ground, driver.name, target.engine);
  const { cluster, state } = owned;
  openTranscript(`${settings.REPORTS}/transcripts/${state.id}-setup.jsonl`, settings.VERBOSE);

  const scope = new Scope(project.name);
  const remove = async () => {
    await scope.close().catch((error: Error) => progress.say(error.message));
    await cluster.disconnect();
    await progress.step(`removing the cluster ${state.id}`, () => tearDown(ground, state));
    await engine.release();
  };
  try {
    const attachment = await progress.step(`installing ${driver.title}`, () => driver.install(scope, cluster));
    new ClusterStates(settings).save({ ...state, attachment });
    project.provide("cluster", state.id);
    project.provide("baseline", await readClusterLedger(cluster));
  } catch (error) {
    await remove();
    throw error;
  }
  if (!settings.KEEP && !state.kept) return remove;
  return async () => {
    keep(settings, { ...state, attachment: new ClusterStates(settings).load(state.id).attachment ?? {} });
    await cluster.disconnect();
    progress.say(`kept ${state.id}: npm run cluster -- ssh node1, npm run cluster -- down`);
    await engine.release({ keep: true });
  };
}
