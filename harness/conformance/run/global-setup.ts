import type { TestProject } from "vitest/node";
import { handleInterruptions, removeEverything } from "#harness/cluster/interruption.ts";
import { SetUpFailed, type SetUpFailure } from "#harness/conformance/outcome.ts";
import { type Progress, progressOn } from "#harness/core/async/progress.ts";
import { Blocked, HarnessError, UsageError } from "#harness/core/errors.ts";
import { explainSettings } from "#harness/core/settings/settings.ts";
import { askInstallation } from "./installation.ts";
import type { Selection } from "./selection.ts";
import { openTarget } from "./target.ts";

/**
 * Brings up a cluster for one target (a vitest project), installs the driver on it, and takes both away again.
 * With `KEEP=1` the cluster stays for the next run. When that fails the tests of this target are told why, and those of
 * other targets go on; a mistake of the user ends the run with exit code 2.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const progress = progressOn(process.stderr);
  handleInterruptions(progress, () => void project.vitest.cancelCurrentRun("keyboard-input"));
  try {
    return await bringUpFor(project, progress);
  } catch (error) {
    if (error instanceof UsageError) {
      await removeEverything(progress);
      // After the summary, where it is seen.
      process.on("exit", () => process.stderr.write(`\n${error.message}\n`));
      process.exit(2);
    }
    const { message } = error as Error;
    if (error instanceof Blocked) {
      progress.say(`${project.name}: blocked: ${message}`);
      project.provide("obstacle", message);
      return async () => {};
    }
    // The console tells it with the first test that ends so.
    project.provide("setUpFailure", failureOf(error, project.name));
    return async () => {};
  }
}

/** What the tests of the target end with. */
function failureOf(error: unknown, target: string): SetUpFailure {
  if (error instanceof SetUpFailed) return error.failure;
  const message = `the set-up of ${target} failed: ${error instanceof Error ? error.message : error}`;
  const [what = message] = message.split("\n");
  return { outcome: "error", message, cause: { kind: "set-up", what }, evidence: [] };
}

async function bringUpFor(project: TestProject, progress: Progress): Promise<() => Promise<void>> {
  const { settings, target, selection } = project.getProvidedContext();
  progress.say(`${project.name}: ${explainSettings(settings)}`);
  const start = performance.now();
  if (!target.engines) throw new HarnessError(`${project.name} has no engines`);
  const opened = await openTarget(settings, progress, target.reference, target.engines);
  try {
    project.provide("cluster", opened.state.id);
    const installation = await askInstallation(opened.cluster, opened.driver);
    if (installation) project.provide("installation", installation);
    project.provide("baseline", await opened.baseline());
  } catch (error) {
    await opened.remove();
    throw error;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  const how = opened.state.kept ? "uses the kept cluster" : "has the new cluster";
  progress.say(`${project.name} ${how} ${opened.state.id}, ready after ${seconds} s`);
  const reinstall = (selection as Selection | undefined)?.reinstall ?? false;
  return settings.KEEP || opened.state.kept ? () => opened.keep({ reinstall }) : opened.remove;
}
