import { randomUUID } from "node:crypto";
import type { Driver, DriverSettings } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { openProvider, type ProviderSettings } from "#harness/cluster/providers.ts";
import type { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { readStableSnapshot, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { SetUpFailed } from "#harness/conformance/outcome.ts";
import { on } from "#harness/core/async/events.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { Scope } from "#harness/core/async/scope.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { typed } from "#harness/core/typed.ts";
import { openTranscript } from "#harness/host/transcript.ts";
import { refuseUnfit, unfitBecause } from "./fitness.ts";
import { blame, withEvidence } from "./set-up/blame.ts";
import { setUpInTime } from "./set-up/deadline.ts";
import { prepareDriver } from "./set-up/prepare.ts";

/** What a target takes of the settings. */
export type TargetSettings = ProviderSettings & DriverSettings & Pick<Settings, "KEEP" | "VERBOSE">;

/** A cluster that is up and carries a driver. */
export interface Target {
  readonly driver: Driver;
  readonly cluster: RemoteCluster;
  readonly state: ClusterState;
  /** What is on the nodes now that the driver is installed; a cluster that is kept must be as it was then. */
  baseline(): Promise<Snapshot>;
  /**
   * Installs another driver over this one: what this process serves of it ends, as where a cluster is kept, and all that it made stays. Only
   * what is installed now is removed later, so that the cluster has to go. Throws
   * `SetUpFailed` when it could not be installed or connected.
   */
  takeOver(reference: string): Promise<void>;
  /** Uninstalls the driver and removes the cluster without a trace. */
  remove(): Promise<void>;
  /**
   * Leaves everything to a later run and says how to reach it, and whether no run will use it since it is not as it was. With `reinstall` the
   * driver is uninstalled first, and such a cluster is removed.
   */
  keep(options?: { reinstall?: boolean }): Promise<void>;
}

/**
 * Brings up a cluster, new or kept (`fresh`: new in any case), and installs the driver on it. What was begun is removed when a step fails.
 * With `KEEP` a cluster stays whose driver could not be installed. Throws `UsageError` for an unknown driver and one that lacks what it declares, `Blocked` for one that cannot
 * be tried here, `SetUpFailed` when the driver could not be installed or connected, `HarnessError` when something else does not start.
 */
export async function openTarget(
  settings: TargetSettings,
  progress: Progress,
  reference: string,
  engine: TargetEngine,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<Target> {
  const driver = await loadDriver(reference, settings);
  await prepareDriver(driver, engine);
  const provider = await openProvider(settings, progress);
  // Unlike any other of this process, whose targets have modules of their own.
  const use = `use ${randomUUID()} of ${provider.name}`;
  const release = once((options?: { keep?: boolean }) => {
    forgetWhenInterrupted(use);
    return provider.release(options);
  });
  removeWhenInterrupted(use, release);
  const { cluster, state } = await releasing(release, () => provider.bringUp(driver.name, engine, { fresh }));
  openTranscript(`${settings.REPORTS}/transcripts/${state.id}-setup.jsonl`, settings.VERBOSE);
  if (state.unfit !== undefined) {
    // Back to where it was, for those who kept it.
    await cluster.disconnect();
    await provider.keep(state);
    await release({ keep: true });
    refuseUnfit(state);
  }
  const scope = new Scope(`${driver.name} on ${state.id}`);
  const session = scope.child("what serves it from this process");
  /** That of what is installed now. */
  let carried = scope;
  const discard = once(async () => {
    await cluster.disconnect();
    await progress.step(`removing the cluster ${state.id}`, () => provider.tearDown(state));
    forgetWhenInterrupted(state.id);
    await release();
  });
  // What the driver made goes with the cluster; an interrupted run does not remove it first.
  removeWhenInterrupted(state.id, discard);
  const remove = once(async () => {
    cluster.ending = provider.removesNodes;
    await carried.close().catch((error: Error) => progress.say(error.message));
    await discard();
  });
  const states = new ClusterStates(settings);
  const unfitNow = async () => {
    const baseline = states.baseline(state.id);
    return baseline && (await unfitBecause(cluster, { driver: driver.name, baseline }));
  };
  const replaced = state.kept ? lookBeforeReplaced(cluster, unfitNow, progress) : undefined;
  const keep = async (kept: ClusterState) => {
    forgetWhenInterrupted(state.id);
    await session.close();
    await cluster.disconnect();
    await provider.keep(kept);
    await release({ keep: true });
    if (kept.unfit) progress.say(`${state.id} will not be used again: ${kept.unfit}`);
    progress.say(
      `kept ${state.id} (${driver.name}@${engine.name}): ${typed(`cluster ssh ${state.id}/${state.nodes[0]?.name}`)}, ${typed(`cluster down ${state.id}`)}`,
    );
  };
  let installed: ClusterState;
  try {
    const attachment = await progress.step(`installing ${driver.title}`, async () =>
      setUpInTime("install", driver.title, async () => driver.install?.(scope, cluster, session) ?? {}),
    );
    installed = { ...state, attachment };
    states.save(installed);
    // Chapters connect in processes of their own. A driver that cannot, or lacks what it declares, is told before anything is judged.
    await setUpInTime("connect", driver.title, () => driver.connect(cluster, attachment));
  } catch (error) {
    const target = { driver: driver.name, engine: engine.name };
    const blamed = await withEvidence(blame(error, driver, reference), cluster, settings, target);
    if (settings.KEEP && blamed instanceof SetUpFailed) {
      await keep({ ...state, unfit: `${driver.name} could not be installed: ${blamed.failure.cause.what}` });
    } else await remove();
    throw blamed;
  }
  if (state.kept) {
    // Somebody may have worked on it since.
    const looked = replaced?.looked();
    const unfit = await releasing(remove, () => looked ?? unfitNow());
    if (unfit !== undefined) {
      await keep({ ...installed, unfit });
      refuseUnfit({ id: state.id, unfit });
    }
    // Another program may bring other things along, e.g. bridges with other addresses.
    if (looked) states.removeBaseline(state.id);
  }
  return {
    driver,
    cluster,
    state: installed,
    baseline: async () => {
      const known = state.kept ? states.baseline(state.id) : undefined;
      if (known) return known;
      const baseline = await readStableSnapshot(cluster);
      states.saveBaseline(state.id, baseline);
      return baseline;
    },
    takeOver: async (reference) => {
      const driver = await loadDriver(reference, settings);
      await session.close();
      const next = new Scope(`${driver.name} on ${state.id}, which took over`);
      const serving = next.child("what serves it from this process");
      carried = next;
      try {
        const attachment = await setUpInTime(
          "install",
          driver.title,
          async () => driver.install?.(next, cluster, serving) ?? {},
        );
        states.save({ ...installed, attachment });
        await setUpInTime("connect", driver.title, () => driver.connect(cluster, attachment));
      } catch (error) {
        throw blame(error, driver, reference);
      }
    },
    remove,
    keep: async ({ reinstall = false } = {}) => {
      const unfit = await unfitNow();
      if (unfit !== undefined && reinstall) {
        progress.say(`${state.id} is not used again: ${unfit}`);
        await remove();
        return;
      }
      if (reinstall) {
        await scope.close();
        // The next installation is one of its own, e.g. with bridges that have other addresses.
        states.removeBaseline(state.id);
      }
      await keep(unfit === undefined ? installed : { ...installed, unfit });
    },
  };
}

/**
 * Looks at a kept cluster when its plugin is about to be started anew since it is another one by now: while it is as the last run left it.
 * `looked` is what came of it, where that happened.
 */
function lookBeforeReplaced(
  cluster: RemoteCluster,
  look: () => Promise<string | undefined>,
  progress: Progress,
): { looked: () => Promise<string | undefined> | undefined } {
  let looking: Promise<string | undefined> | undefined;
  on("daemon changed", async ({ node, name }) => {
    if (!cluster.nodes.some((one) => one === node)) return;
    progress.say(`${name} on ${node.name} has changed since it was started; it is started anew`);
    looking ??= look();
    await looking;
  });
  return { looked: () => looking };
}

async function releasing<T>(release: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await release();
    throw error;
  }
}

/** A further call waits for what the first call began. */
function once<A extends unknown[]>(act: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  let begun: Promise<void> | undefined;
  return (...args) => {
    begun ??= act(...args);
    return begun;
  };
}
