import type Docker from "dockerode";
import {
  type Attempt,
  bringUp as bringUpBy,
  everyHostAnswers,
  fingerprint,
  type Material,
  type Strategy,
} from "#harness/cluster/bring-up.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { engineOfNode, type TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { startExternalHost } from "#harness/cluster/external/external-host.ts";
import type { SshWay } from "#harness/cluster/host-engine/ssh-engine.ts";
import { buildSystem } from "#harness/cluster/images/builder/builder.ts";
import { imageLabel, runtimeCapabilities } from "#harness/cluster/images/node-contract.ts";
import { ensureNodeImage, type NodeImageSettings } from "#harness/cluster/images/node-image.ts";
import { ensurePulled, hasImage } from "#harness/cluster/images/pull.ts";
import {
  importWorkload,
  type WorkloadImage,
  workloadArchive,
} from "#harness/cluster/images/workload-image.ts";
import type { BringUpOptions, OwnedCluster } from "#harness/cluster/provider.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { NodePlan } from "./containers.ts";
import { bridgesOf, ignoreMissing, isOwnerless, labels, removeByLabel, subnetsOf } from "./labels.ts";
import { leaseSubnets, releaseSubnets } from "./subnets.ts";

const answerMs = 10_000;

/** What clusters of containers take of the settings. */
export type ContainerSettings = NodeImageSettings &
  Pick<Settings, "FIREWALL" | "IMAGE" | "NODES" | "RUNTIME" | "SUBNETS">;

/** The host engine, on which node containers run, with the settings and voice of the run. */
export interface EngineContext {
  readonly docker: Docker;
  /** Its address as `DOCKER_HOST` has it. */
  readonly host: string;
  /** The way to it, where that is `ssh://…`. */
  readonly ssh?: SshWay;
  /** Whether the project started it. */
  readonly private: boolean;
  readonly settings: ContainerSettings;
  readonly progress: Progress;
}

interface ContainerMaterial extends Material {
  /** Of node1, node2, … */
  readonly nodePlans: readonly NodePlan[];
  /** The built-in workload image. */
  readonly workload: WorkloadImage;
}

/**
 * Gives a cluster of two or more nodes whose engines answer: a kept one if there is one that fits and `fresh` is not
 * asked for, else a new one.
 * Clusters of runs that were killed are removed first.
 */
export function bringUp(
  context: EngineContext,
  driver: string,
  engine: TargetEngine,
  options: BringUpOptions = {},
): Promise<OwnedCluster> {
  return bringUpBy(containers(context, driver, engine), { driver, engine, ...options });
}

function containers(
  context: EngineContext,
  driver: string,
  engine: TargetEngine,
): Strategy<ContainerMaterial> {
  const { docker, host, settings, progress } = context;
  const { IMAGE, FIREWALL } = settings;
  return {
    provider: "containers",
    states: new ClusterStates(settings),
    progress,
    sweep: () => sweep(context),
    async material() {
      const nodePlans = await planNodes(context, engine);
      const workload = await workloadArchive(settings, progress, (plan) =>
        buildSystem(docker, settings, progress, plan),
      );
      const image = IMAGE ?? workload.image;
      const parts = [host, driver, engine.name, nodePlans, image, FIREWALL ?? ""];
      return { key: fingerprint(parts), image, nodePlans, workload };
    },
    takeover: { answerMs, answers: everyHostAnswers, tearDown: (state) => tearDown(context, state) },
    async begin(id, material) {
      if (IMAGE !== undefined && !(await hasImage(docker, IMAGE))) {
        await progress.step(`pulling ${IMAGE}`, () => ensurePulled(docker, IMAGE, "the Docker Engine"));
      }
      return attempt(context, { id, driver, engine, material });
    },
  };
}

/** The image, flags and further capabilities of every node. */
async function planNodes(
  { docker, settings, progress }: EngineContext,
  engine: TargetEngine,
): Promise<NodePlan[]> {
  const images: string[] = [];
  for (const { source } of engine.nodes) {
    images.push((await ensureNodeImage(docker, source, settings, progress)).image);
  }
  const capabilities = Object.keys(runtimeCapabilities[settings.RUNTIME]);
  return Array.from({ length: settings.NODES }, (_, index): NodePlan => {
    const image = images[Math.min(index, images.length - 1)] ?? "";
    return { image, flags: engineOfNode(engine, index)?.flags ?? [], capabilities };
  });
}

async function attempt(
  { docker, host, ssh, private: own, settings, progress }: EngineContext,
  {
    id,
    driver,
    engine,
    material,
  }: { id: string; driver: string; engine: TargetEngine; material: ContainerMaterial },
): Promise<Attempt> {
  const { CACHE, FIREWALL, IMAGE, NODES, SUBNETS } = settings;
  const { nodePlans, workload } = material;
  const lease = await leaseSubnets(SUBNETS, id, await subnetsOf(docker));
  const plan = {
    ...{ id, dockerHost: host, private: own, nodes: nodePlans, lease, cache: CACHE },
    ...(FIREWALL ? { firewall: FIREWALL } : {}),
    ...(ssh ? { ssh } : {}),
  };
  return {
    async start() {
      const hosts = await progress.step(
        `starting ${NODES} nodes with Docker ${engine.name} for ${driver}`,
        async () => {
          // Takes a second to load, which a run on a kept cluster need not pay.
          const { startContainers } = await import("./containers.ts");
          return startContainers(docker, plan);
        },
      );
      return { ...hosts, slot: lease.slot, dockerHost: host };
    },
    // A container that is made after the others were removed would stay.
    interrupt: (starting) => starting.catch(() => {}),
    preparing: "waiting for the nodes",
    prepareExternal: startExternalHost,
    prepareNode: (node, { external }) =>
      prepareNode(node, external.interfaces.management.address, () => openImage(docker, IMAGE, workload)),
    async discard() {
      await removeCluster(docker, id);
      releaseSubnets(SUBNETS, lease.slot, id);
      new ClusterStates(settings).remove(id);
    },
  };
}

/** The external host is the node's egress; the engine must answer and have the workload image. */
async function prepareNode(
  node: ClusterNode,
  egress: string,
  openImage: () => Promise<WorkloadImage>,
): Promise<void> {
  await node.run(["ip", "route", "replace", "default", "via", egress]);
  await until({ what: `the engine on ${node.name} to answer`, deadlineMs: 60_000 }, () => node.docker.ping());
  await importWorkload(node.docker, await openImage());
}

/** The built-in image, or the user's own, which the host engine has. */
async function openImage(
  docker: Docker,
  own: string | undefined,
  builtIn: WorkloadImage,
): Promise<WorkloadImage> {
  if (own === undefined) return builtIn;
  return { image: own, path: undefined, stream: await docker.getImage(own).get() };
}

/** Removes a cluster without a trace: containers with their volumes, networks, lease, state, keys. */
export async function tearDown(
  { docker, settings }: Pick<EngineContext, "docker" | "settings">,
  state: ClusterState,
): Promise<void> {
  await removeCluster(docker, state.id);
  if (state.slot !== undefined) releaseSubnets(settings.SUBNETS, state.slot, state.id);
  new ClusterStates(settings).remove(state.id);
}

/** An engine stops listing a network, and lets nobody else remove it, before its bridge is gone. */
async function removeCluster(docker: Docker, id: string): Promise<void> {
  await removeByLabel(docker, labels.cluster, id);
  await until(
    { what: `the bridges of ${id} to be gone`, deadlineMs: 20_000 },
    () => bridgesOf(id).length === 0,
  );
}

/** Removes what killed runs left behind: clusters with a state file, and containers that died before they got one. */
export async function sweep({ docker, host, settings, progress }: EngineContext): Promise<void> {
  const states = new ClusterStates(settings);
  const abandoned = states.abandoned(host);
  const orphans = await orphanedClusters(docker, settings.CACHE, states);
  await removePassing(docker);
  if (abandoned.length + orphans.length === 0) return;
  await progress.step("removing what an interrupted run left behind", async () => {
    for (const state of abandoned) await tearDown({ docker, settings }, state);
    for (const id of orphans) await removeCluster(docker, id);
  });
}

/** Removes containers that a killed run had made to look into an image, or to make one of another. */
async function removePassing(docker: Docker): Promise<void> {
  const filters = { label: Object.entries(imageLabel).map((pair) => pair.join("=")) };
  for (const { Id, Labels } of await docker.listContainers({ all: true, filters })) {
    // A node's container has the label from its image, and goes with its cluster.
    if (labels.cluster in Labels || !(labels.owner in Labels) || !isOwnerless(Labels)) continue;
    await ignoreMissing(docker.getContainer(Id).remove({ force: true, v: true }));
  }
}

async function orphanedClusters(docker: Docker, cache: string, states: ClusterStates): Promise<string[]> {
  const filters = { label: [`${labels.cache}=${cache}`] };
  const things = [
    ...(await docker.listContainers({ all: true, filters })).map((item) => item.Labels),
    ...(await docker.listNetworks({ filters })).map((item) => item.Labels ?? {}),
  ];
  // Read last: what a run has kept meanwhile has a state by now, and no owner any more.
  const ownerless = things.filter(isOwnerless);
  const known = new Set(states.all().map((state) => state.id));
  const orphans = ownerless.filter((item) => !known.has(item[labels.cluster] ?? ""));
  return [...new Set(orphans.map((item) => item[labels.cluster] ?? ""))].filter(Boolean);
}
