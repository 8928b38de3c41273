import {
  type Attempt,
  bringUp as bringUpBy,
  fingerprint,
  type Material,
  type StartedHosts,
  type Strategy,
} from "#harness/cluster/bring-up.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { startWebServer } from "#harness/cluster/external/external-host.ts";
import { ensurePulled } from "#harness/cluster/images/pull.ts";
import {
  importWorkload,
  type WorkloadImage,
  workloadArchive,
} from "#harness/cluster/images/workload-image.ts";
import type { BringUpOptions, OwnedCluster } from "#harness/cluster/provider.ts";
import { compareSnapshots, describeDifferences, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { type ClusterState, ClusterStates, isAbandoned } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { DeadlineExceeded, HarnessError, UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { typed } from "#harness/core/typed.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";
import { InventoryHosts } from "./hosts.ts";
import type { Inventory } from "./inventory.ts";
import type { HostSurvey } from "./survey.ts";

/** What clusters of hosts that exist take of the settings. */
export type HostsSettings = BootstrapSettings & Pick<Settings, "IMAGE" | "OCCUPIED">;

/** On whose behalf hosts are used. */
export interface HostsContext {
  readonly settings: HostsSettings;
  readonly progress: Progress;
}

/** What this process has of a cluster besides its state: the hosts, locked, and what was on them before. */
interface Hold {
  readonly hosts: InventoryHosts;
  readonly before?: Snapshot;
}

interface HostsMaterial extends Material {
  /** The built-in workload image, unless the user names one of his own. */
  readonly workload: WorkloadImage | undefined;
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
export function bringUp(
  context: HostsContext,
  inventory: Inventory,
  driver: string,
  engine: TargetEngine,
  options: BringUpOptions = {},
): Promise<OwnedCluster> {
  const strategy = existingHosts(context, inventory, { driver, engine });
  return bringUpBy(strategy, { driver, engine, ...options });
}

function existingHosts(
  context: HostsContext,
  inventory: Inventory,
  { driver, engine }: { driver: string; engine: TargetEngine },
): Strategy<HostsMaterial> {
  const { settings, progress } = context;
  const states = new ClusterStates(settings);
  const hosts = new InventoryHosts(inventory);
  return {
    ...{ provider: "ssh", states, progress },
    async material() {
      const workload = settings.IMAGE === undefined ? await workloadArchive(settings, progress) : undefined;
      const image = workload?.image ?? settings.IMAGE ?? "";
      const { source: _, ...given } = inventory;
      return { key: fingerprint([given, driver, engine.name, image]), image, workload };
    },
    takeover: {
      answerMs,
      lock: () => hosts.lock(),
      answers: ({ nodes }) => Promise.all(nodes.map((node) => node.docker.ping())),
      async taken(state) {
        await hosts.markKept(false);
        held.set(state.id, { hosts });
      },
      async tearDown(state) {
        await hosts.undo();
        await hosts.unlock();
        states.remove(state.id);
      },
    },
    begin: async (id, material) => attempt(context, { id, inventory, hosts, material }),
    close: () => hosts.close(),
  };
}

function attempt(
  context: HostsContext,
  {
    id,
    inventory,
    hosts,
    material: { image, workload },
  }: { id: string; inventory: Inventory; hosts: InventoryHosts; material: HostsMaterial },
): Attempt {
  return {
    async start() {
      const surveys = await context.progress.step(`looking at the hosts of ${inventory.source}`, () =>
        prepare(context, hosts),
      );
      const before = await hosts.snapshot();
      const described = describeHosts(inventory, surveys);
      held.set(id, { hosts, before });
      return described;
    },
    mark: () => hosts.mark(id, image),
    preparing: "giving the hosts the workload image",
    prepareExternal: startWebServer,
    prepareNode: ({ docker }) =>
      workload ? importWorkload(docker, workload) : ensurePulled(docker, image, "each of the hosts"),
    discard: (state) => (state ? tearDown(context, state) : hosts.close()),
  };
}

/** Undoes on the hosts whatever the run has done there, and says what is not as it was; the hosts stay. */
export async function tearDown({ settings, progress }: HostsContext, state: ClusterState): Promise<void> {
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
export async function keep({ settings }: HostsContext, state: ClusterState): Promise<void> {
  const hold = held.get(state.id);
  held.delete(state.id);
  await hold?.hosts.markKept(true);
  await hold?.hosts.close();
  new ClusterStates(settings).keep(state);
}

/** Undoes what killed runs of this machine have left on hosts that a state of theirs names. */
export async function sweep(context: HostsContext): Promise<void> {
  const abandoned = new ClusterStates(context.settings)
    .all()
    .filter((state) => state.provider === "ssh" && isAbandoned(state));
  for (const state of abandoned) {
    await tearDown(context, state).catch(({ message }: Error) => {
      context.progress.say(`${state.id}: what it left is still there: ${message}`);
    });
  }
}

/** Looks, locks, and makes the hosts as they were before runs that were killed. */
async function prepare({ settings, progress }: HostsContext, hosts: InventoryHosts): Promise<HostSurvey[]> {
  const surveys = await hosts.survey();
  hosts.refuseUnfit(surveys, settings.OCCUPIED);
  await hosts.lock();
  const marked = await hosts.marked();
  if (marked.length === 0) return surveys;
  const states = new ClusterStates(settings);
  const abandoned = states.all().filter(isAbandoned);
  // A run of this machine that was killed while it took the cluster over, or left it, says on the hosts that it is kept.
  const kept = marked.find(({ marker }) => marker.kept && !abandoned.some(({ id }) => id === marker.id));
  if (kept) {
    const { id, by, since } = kept.marker;
    throw new UsageError(`${kept.host}: the cluster ${id} of ${by}, since ${since}, is kept on it`, {
      hint: `${typed("cluster down")} on that machine removes it`,
    });
  }
  const ids = [...new Set(marked.map(({ marker }) => `${marker.id} of ${marker.by}`))].join(", ");
  await progress.step(`undoing what the interrupted ${ids} left on the hosts`, () => hosts.undo(), {
    announce: true,
  });
  for (const { marker } of marked) states.remove(marker.id);
  return surveys;
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

function describeHosts(inventory: Inventory, surveys: readonly HostSurvey[]): StartedHosts {
  const at = (index: number) => {
    const interfaces = surveys[index]?.interfaces;
    if (!interfaces) throw new HarnessError(`${surveys[index]?.name}: its interfaces are not known`);
    return { interfaces };
  };
  const nodes = inventory.nodes.map((target, index) => {
    const holds = describeHeld(surveys[index]?.held);
    return { ...target, ...at(index), ...(holds ? { holds } : {}) };
  });
  const { external } = inventory;
  return { nodes, ...(external ? { external: { ...external, ...at(nodes.length) } } : {}) };
}

/** What is somebody else's on an engine that is used all the same; empty where nothing is. */
function describeHeld(held: HostSurvey["held"] | undefined): string {
  const { containers = [], networks = [], swarm = false } = held ?? {};
  return [
    ...(containers.length > 0 ? [`containers of somebody (${containers.join(", ")})`] : []),
    ...(networks.length > 0 ? [`networks of somebody (${networks.join(", ")})`] : []),
    ...(swarm ? ["a swarm of somebody"] : []),
  ].join(", ");
}

function inventoryOfState({ nodes, external, id }: ClusterState): Inventory {
  return { source: id, nodes, ...(external ? { external } : {}) };
}
