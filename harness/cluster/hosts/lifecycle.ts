import { createHash, randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { startWebServer } from "#harness/cluster/external/external-host.ts";
import { importWorkload, workloadArchive } from "#harness/cluster/images/workload-image.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import type { OwnedCluster } from "#harness/cluster/provider.ts";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { compareSnapshots, describeDifferences, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { type ClusterState, ClusterStates, type HostState } from "#harness/cluster/state.ts";
import { DeadlineExceeded, HarnessError, UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/lock.ts";
import { until, within } from "#harness/core/poll.ts";
import { isAlive, ownIdentity } from "#harness/core/process.ts";
import type { Progress } from "#harness/core/progress.ts";
import type { ClusterProvider, Settings } from "#harness/core/settings/settings.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { InventoryHosts } from "./hosts.ts";
import type { Inventory, InventoryHost } from "./inventory.ts";
import type { HostSurvey } from "./survey.ts";

/** What clusters of hosts that exist take of the settings. */
export type InventorySettings = BootstrapSettings & Pick<Settings, "IMAGE" | "OCCUPIED">;

/** On whose behalf hosts of an inventory are used. */
export interface InventoryContext {
  readonly settings: InventorySettings;
  readonly progress: Progress;
  readonly provider: ClusterProvider;
}

/** What this process has of a cluster besides its state: the hosts, locked, and what was on them before. */
interface Hold {
  readonly hosts: InventoryHosts;
  readonly before?: Snapshot;
}

const held = new Map<string, Hold>();
const answerMs = 30_000;
const settleMs = 30_000;

/**
 * Makes a cluster of hosts that exist: a kept one where there is one of the same hosts, else a new one. Looks at the
 * hosts before anything is changed, undoes what a run that was killed has left on them, keeps other runs away, and gives
 * every node the workload image. Nothing of it needs an engine on this machine.
 * Throws `UsageError` where hosts lack something or are somebody else's; what was begun is undone.
 */
export async function bringUpInventory(
  context: InventoryContext,
  inventory: Inventory,
  driver: string,
  engine: string,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<OwnedCluster> {
  const { settings, progress, provider } = context;
  const workload = settings.IMAGE === undefined ? await workloadArchive(settings, progress) : undefined;
  const image = workload?.image ?? settings.IMAGE ?? "";
  const key = keyOf(inventory, driver, engine, image);
  const hosts = new InventoryHosts(inventory);
  const id = `nc-${randomBytes(3).toString("hex")}`;
  try {
    const kept = fresh ? undefined : await reuse(context, key, hosts);
    if (kept) return kept;
    const surveys = await progress.step(`looking at the hosts of ${inventory.source}`, () =>
      prepare(context, hosts),
    );
    const before = await hosts.snapshot();
    const [nodes, external] = describeHosts(inventory, surveys);
    const state: ClusterState = {
      ...{ id, provider, key, driver, engine, owner: ownIdentity(), kept: false, image, nodes },
      ...(external ? { external } : {}),
      createdAt: new Date().toISOString(),
    };
    held.set(id, { hosts, before });
    new ClusterStates(settings).save(state);
    removeWhenInterrupted(id, () => tearDownInventory(context, state));
    const cluster = new RemoteCluster(state);
    try {
      await hosts.mark(id, image);
      await progress.step("giving the hosts the workload image", () =>
        Promise.all([
          ...(external ? [startWebServer(cluster.external)] : []),
          ...cluster.nodes.map(({ docker }) =>
            workload ? importWorkload(docker, workload) : pull(docker, image),
          ),
        ]),
      );
      return { state, cluster, reused: false };
    } catch (error) {
      await cluster.disconnect();
      await tearDownInventory(context, state);
      forgetWhenInterrupted(id);
      throw error;
    }
  } catch (error) {
    await hosts.close();
    throw error;
  }
}

/** Undoes on the hosts whatever the run has done there, and says what is not as it was; the hosts stay. */
export async function tearDownInventory(
  { settings, progress }: Pick<InventoryContext, "settings" | "progress">,
  state: ClusterState,
): Promise<void> {
  const { hosts, before } = held.get(state.id) ?? { hosts: new InventoryHosts(inventoryOfState(state)) };
  const locked = held.delete(state.id);
  try {
    if (!locked) await hosts.lock();
    await hosts.undo();
    if (before) await compare(progress, hosts, before);
    new ClusterStates(settings).remove(state.id);
  } finally {
    await hosts.close();
  }
}

/** Leaves the cluster for a later run of this machine; the hosts say so to others. */
export async function keepInventory(
  { settings }: Pick<InventoryContext, "settings">,
  state: ClusterState,
): Promise<void> {
  const hold = held.get(state.id);
  held.delete(state.id);
  await hold?.hosts.markKept(true);
  await hold?.hosts.close();
  new ClusterStates(settings).save({ ...state, kept: true, inUse: false });
}

/** Undoes what killed runs of this machine have left on hosts that a state of theirs names. */
export async function sweepInventories(context: InventoryContext): Promise<void> {
  const abandoned = new ClusterStates(context.settings)
    .all()
    .filter(
      (state) => state.provider === context.provider && (!state.kept || state.inUse) && !isAlive(state.owner),
    );
  for (const state of abandoned) {
    await tearDownInventory(context, state).catch(({ message }: Error) => {
      context.progress.say(`${state.id}: what it left is still there: ${message}`);
    });
  }
}

/** Looks at every host of an inventory without changing anything. */
export async function surveyInventory(inventory: Inventory): Promise<HostSurvey[]> {
  const hosts = new InventoryHosts(inventory);
  try {
    return await hosts.survey();
  } finally {
    await hosts.close();
  }
}

/** Major and minor version of the engine on the hosts, e.g. `26.1`; several are joined: `20.10+26.1`. */
export async function engineOfInventory(inventory: Inventory): Promise<string> {
  const asked = await Promise.allSettled(inventory.nodes.map(engineOn));
  const refusals = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  const other = refusals.find((error) => !(error instanceof UsageError));
  if (other) throw other;
  // Everything that is wrong is told at once.
  if (refusals.length > 0) {
    throw new UsageError([...new Set(refusals.map(({ message }) => message))].join("\n"));
  }
  const versions = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return [...new Set(versions)].sort().join("+");
}

async function engineOn(target: InventoryHost): Promise<string> {
  const host = new SshHost(target);
  try {
    const { Version } = await host.docker.version();
    return Version.split(".").slice(0, 2).join(".");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${target.name}: no Docker Engine answers: ${(error as Error).message}`, {
      hint: "npm run cluster -- preflight shows what the hosts lack",
      cause: error,
    });
  } finally {
    await host.disconnect();
  }
}

/** Looks, locks, and makes the hosts as they were before runs that were killed. */
async function prepare(
  { settings, progress }: InventoryContext,
  hosts: InventoryHosts,
): Promise<HostSurvey[]> {
  const surveys = await hosts.survey();
  hosts.refuseUnfit(surveys, settings.OCCUPIED);
  await hosts.lock();
  const marked = await hosts.marked();
  if (marked.length === 0) return surveys;
  const kept = marked.find(({ marker }) => marker.kept);
  if (kept) {
    const { id, by, since } = kept.marker;
    throw new UsageError(`${kept.host}: the cluster ${id} of ${by}, since ${since}, is kept on it`, {
      hint: "npm run cluster -- down on that machine removes it",
    });
  }
  const ids = [...new Set(marked.map(({ marker }) => `${marker.id} of ${marker.by}`))].join(", ");
  await progress.step(`undoing what the interrupted ${ids} left on the hosts`, () => hosts.undo(), {
    announce: true,
  });
  const states = new ClusterStates(settings);
  for (const { marker } of marked) states.remove(marker.id);
  return surveys;
}

async function reuse(
  { settings, progress }: InventoryContext,
  key: string,
  hosts: InventoryHosts,
): Promise<OwnedCluster | undefined> {
  const states = new ClusterStates(settings);
  const state = await withLock("kept clusters", async () => states.claim(key), {
    what: "choosing a cluster",
  });
  if (!state) return undefined;
  await hosts.lock();
  const cluster = new RemoteCluster(state);
  try {
    await within(
      { what: "every node of it to answer", deadlineMs: answerMs },
      Promise.all(cluster.nodes.map((node) => node.docker.ping())),
    );
    await hosts.markKept(false);
    held.set(state.id, { hosts });
    return { state, cluster, reused: true };
  } catch (error) {
    progress.say(
      `the kept cluster ${state.id} does not answer (${(error as Error).message}); making a new one`,
    );
    await cluster.disconnect();
    await hosts.undo();
    await hosts.unlock();
    states.remove(state.id);
    return undefined;
  }
}

/** Engines finish tearing down a little after they have answered. */
async function compare(progress: Progress, hosts: InventoryHosts, before: Snapshot): Promise<void> {
  let differences = compareSnapshots(before, before);
  try {
    await until({ what: "the hosts to be as they were", deadlineMs: settleMs, everyMs: 500 }, async () => {
      differences = compareSnapshots(before, await hosts.snapshot());
      return differences.length === 0;
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    progress.say(`not as before the run:\n${describeDifferences(differences)}`);
  }
}

function describeHosts(
  inventory: Inventory,
  surveys: readonly HostSurvey[],
): [HostState[], ClusterState["external"]] {
  const at = (index: number) => {
    const interfaces = surveys[index]?.interfaces;
    if (!interfaces) throw new HarnessError(`${surveys[index]?.name}: its interfaces are not known`);
    return { interfaces };
  };
  const nodes = inventory.nodes.map((target, index) => ({ ...target, ...at(index) }));
  const { external } = inventory;
  return [nodes, external && { ...external, ...at(nodes.length) }];
}

function inventoryOfState({ nodes, external, id }: ClusterState): Inventory {
  return { source: id, nodes, ...(external ? { external } : {}) };
}

/** Has an engine of the cluster, which has the registry and the credentials, pull an image. Throws `UsageError`. */
export async function pull(docker: Docker, image: string): Promise<void> {
  const present = await docker
    .getImage(image)
    .inspect()
    .catch(() => undefined);
  if (present) return;
  const answer = await docker.pull(image).catch((error: Error) => {
    throw new UsageError(
      `IMAGE=${image}: expected an image that the hosts have or can pull, got ${error.message}`,
    );
  });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

function keyOf(inventory: Inventory, ...parts: string[]): string {
  const { source: _, ...hosts } = inventory;
  return createHash("sha256")
    .update(JSON.stringify([hosts, ...parts]))
    .digest("hex")
    .slice(0, 16);
}
