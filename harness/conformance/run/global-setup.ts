import type { TestProject } from "vitest/node";
import { handleInterruptions, isInterrupted, removeEverything } from "#harness/cluster/interruption.ts";
import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { SetUpFailed, type SetUpFailure } from "#harness/conformance/outcome.ts";
import { type Progress, progressOn } from "#harness/core/async/progress.ts";
import { Blocked, HarnessError, UsageError } from "#harness/core/errors.ts";
import { explainSettings } from "#harness/core/settings/settings.ts";
import { askInstallation } from "./installation.ts";
import { type Lease, type LeasedCluster, serveClusters } from "./pool/lease.ts";
import { ClusterPool, type PooledCluster } from "./pool/pool.ts";
import { Upgrades } from "./pool/upgrades.ts";
import { everything, type Selection } from "./selection.ts";
import { openTarget, type Target } from "./target.ts";

/**
 * Brings up clusters for one target (a vitest project), as many as workers ask for, installs the driver on them, and takes both
 * away again. With `KEEP=1` they stay for the next run. When that fails the tests of this target are told why, and those of
 * other targets go on; a mistake of the user ends the run with exit code 2.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const progress = progressOn(process.stderr);
  handleInterruptions(progress, () => void project.vitest.cancelCurrentRun("keyboard-input"));
  const { settings, selection } = project.getProvidedContext();
  const { rounds, reinstall } = (selection as Selection | undefined) ?? everything;
  progress.say(`${project.name}: ${explainSettings(settings)}`);
  const pool = new ClusterPool({
    bringUp: () => endingOnMistakes(progress, () => bringUpFor(project, progress)),
    explain: (error) => explain(error, project.name, progress),
    release: ({ target }) =>
      settings.KEEP || target.state.kept ? target.keep({ reinstall: reinstall ?? false }) : target.remove(),
    longestComes: () => project.getProvidedContext().longestComes ?? false,
    reuses: settings.KEEP || rounds > 1 || project.vitest.config.watch,
  });
  const upgrades = upgradesOf(project, progress);
  const served = await serveClusters(pool, upgrades);
  project.provide("clusters", served.socket);
  if (isAmongFirst(project)) pool.begin();
  return async () => {
    served.close();
    await upgrades.close();
    await pool.close().catch((error: unknown) => {
      if (!(error instanceof HarnessError)) throw error;
      progress.say(error.message);
      process.exitCode = 1;
    });
  };
}

function upgradesOf(project: TestProject, progress: Progress): Upgrades {
  const { settings, target } = project.getProvidedContext();
  if (!target.engines) throw new HarnessError(`${project.name} has no engines`);
  const { reference, engines: engine } = target;
  const told = (error: unknown) => explain(error, `${project.name} before its upgrade`, progress);
  return new Upgrades({ settings, progress, reference, engine, explain: told });
}

/** Whether chapters of the target run as soon as there is a cluster for them. */
function isAmongFirst(project: TestProject): boolean {
  const targets = project.vitest.projects.filter((one) => one.getProvidedContext().target?.engines);
  return targets.indexOf(project) < project.config.maxWorkers;
}

/** A mistake of the user ends the run, with everything removed. */
async function endingOnMistakes<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await removeEverything(progress);
    // After the summary, where it is seen.
    process.on("exit", () => process.stderr.write(`\n${error.message}\n`));
    process.exit(2);
  }
}

/** What the tests of the target are told when it could not be set up. */
function explain(error: unknown, target: string, progress: Progress): Exclude<Lease, LeasedCluster> {
  if (!(error instanceof Blocked)) return { setUpFailure: failureOf(error, target) };
  progress.say(`${target}: blocked: ${error.message}`);
  return { obstacle: error.message };
}

/** What the tests of the target end with. */
function failureOf(error: unknown, target: string): SetUpFailure {
  if (error instanceof SetUpFailed) return error.failure;
  const message = `the set-up of ${target} failed: ${error instanceof Error ? error.message : error}`;
  const [what = message] = message.split("\n");
  return { outcome: "error", message, cause: { kind: "set-up", what }, evidence: [] };
}

async function bringUpFor(
  project: TestProject,
  progress: Progress,
): Promise<PooledCluster & { target: Target }> {
  const { settings, target } = project.getProvidedContext();
  const start = performance.now();
  if (isInterrupted()) throw new HarnessError(`${project.name} gets no cluster: the run was interrupted`);
  if (!target.engines) throw new HarnessError(`${project.name} has no engines`);
  const opened = await openTarget(settings, progress, target.reference, target.engines);
  let baseline: Snapshot;
  try {
    const installation = await askInstallation(opened.cluster, opened.driver);
    if (installation) project.provide("installation", installation);
    baseline = await opened.baseline();
  } catch (error) {
    await opened.remove();
    throw error;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  const how = opened.state.kept ? "uses the kept cluster" : "has the new cluster";
  progress.say(`${project.name} ${how} ${opened.state.id}, ready after ${seconds} s`);
  return { target: opened, baseline };
}
