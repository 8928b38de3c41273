import type { TestProject } from "vitest/node";
import { type EngineVersion, explainSettings, readSettings } from "#harness/config/settings.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { readClusterLedger } from "#harness/ledger/ledger.ts";
import { progressOn } from "#harness/progress.ts";
import { openTarget } from "./target.ts";

/**
 * Brings up a cluster for one target (a vitest project), installs the driver on it, and takes both away again.
 * With `KEEP=1` the cluster stays for the next run.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const settings = readSettings();
  const progress = progressOn(process.stderr);
  const { target } = project.getProvidedContext() as { target: TargetContext };
  progress.say(`${project.name}: ${explainSettings(settings)}`);
  const opened = await openTarget(settings, progress, target.reference, target.engine as EngineVersion);
  project.provide("cluster", opened.state.id);
  project.provide("baseline", await readClusterLedger(opened.cluster));
  return settings.KEEP || opened.state.kept ? opened.keep : opened.remove;
}
