import { createHash, randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { ClusterNode, ExternalHost } from "#harness/cluster/cluster.ts";
import { startExternalHost } from "#harness/cluster/external/external-host.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import {
  importWorkload,
  type WorkloadImage,
  workloadArchive,
} from "#harness/cluster/images/workload-image.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { reuseKept } from "#harness/cluster/kept.ts";
import type { OwnedCluster } from "#harness/cluster/provider.ts";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/lock.ts";
import { until } from "#harness/core/poll.ts";
import { isAlive } from "#harness/core/process.ts";
import type { Progress } from "#harness/core/progress.ts";
import type { EngineVersion, Settings } from "#harness/core/settings/settings.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";
import { bridgesOf, labels, removeByLabel } from "./labels.ts";
import { leaseSubnets, releaseSubnets } from "./subnets.ts";

const answerMs = 10_000;

/** What clusters of containers take of the settings. */
export type ContainerSettings = BootstrapSettings &
  Pick<Settings, "FIREWALL" | "IMAGE" | "NODES" | "SUBNETS">;

/** The host engine, on which node containers run, with the settings and voice of the run. */
export interface EngineContext {
  docker: Docker;
  /** Its address as `DOCKER_HOST` has it. */
  host: string;
  settings: ContainerSettings;
  progress: Progress;
}

/**
 * Gives a cluster of two or more nodes whose engines answer: a kept one if there is one that fits and `fresh` is not
 * asked for, else a new one.
 * Clusters of runs that were killed are removed first.
 */
export async function bringUp(
  context: EngineContext,
  driver: string,
  engine: EngineVersion,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<OwnedCluster> {
  const { docker, settings, progress } = context;
  await sweep(context);
  const nodeImage = await ensureNodeImage(docker, engine, settings, progress);
  const workload = await workloadArchive(settings, progress);
  const image = settings.IMAGE ?? workload.image;
  const { FIREWALL: firewall } = settings;
  const key = fingerprint([
    context.host,
    driver,
    engine,
    String(settings.NODES),
    nodeImage,
    image,
    firewall ?? "",
  ]);
  const kept = fresh
    ? undefined
    : await reuseKept(key, {
        ...{ states: new ClusterStates(settings), progress, answerMs },
        tearDown: (state) => tearDown(context, state),
      });
  if (kept) return kept;
  await fetchImage(context);

  const id = `nc-${randomBytes(3).toString("hex")}`;
  const states = new ClusterStates(settings);
  const lease = await withLock("subnets", async () => leaseSubnets(settings.SUBNETS, id), {
    what: "leasing subnets",
  });
  const plan = {
    id,
    key,
    dockerHost: context.host,
    driver,
    engine,
    nodes: settings.NODES,
    nodeImage,
    workloadImage: image,
    lease,
    ...(firewall ? { firewall } : {}),
    cache: settings.CACHE,
  };
  const discard = async () => {
    await removeCluster(docker, id);
    releaseSubnets(settings.SUBNETS, lease.slot, id);
    states.remove(id);
  };
  const starting = progress.step(
    `starting ${settings.NODES} nodes with Docker ${engine} for ${driver}`,
    async () => {
      // Takes a second to load, which a run on a kept cluster need not pay.
      const { startContainers } = await import("./containers.ts");
      return startContainers(docker, plan);
    },
  );
  removeWhenInterrupted(id, async () => {
    // A container that is made after the others were removed would stay.
    await starting.catch(() => {});
    await discard();
  });
  let cluster: RemoteCluster | undefined;
  try {
    const state = await starting;
    states.save(state);
    cluster = new RemoteCluster(state);
    const { nodes, external } = cluster;
    await progress.step("waiting for the nodes", () =>
      Promise.all([
        startExternalHost(external),
        ...nodes.map((node) => prepareNode(node, external, () => imageOf(context, workload))),
      ]),
    );
    return { state, cluster, reused: false };
  } catch (error) {
    await cluster?.disconnect();
    await discard();
    forgetWhenInterrupted(id);
    throw error;
  }
}

/** The external host is the node's egress; the engine must answer and have the workload image. */
async function prepareNode(
  node: ClusterNode,
  external: ExternalHost,
  openImage: () => Promise<WorkloadImage>,
): Promise<void> {
  await node.run(["ip", "route", "replace", "default", "via", external.interfaces.management.address]);
  await until({ what: `the engine on ${node.name} to answer`, deadlineMs: 60_000 }, () => node.docker.ping());
  await importWorkload(node.docker, await openImage());
}

/** Leaves the cluster for a later run, under no owner's process. */
export function keep(settings: Pick<Settings, "CACHE">, state: ClusterState): void {
  new ClusterStates(settings).save({ ...state, kept: true, inUse: false });
}

/** Removes a cluster without a trace: containers with their volumes, networks, lease, state, keys. */
export async function tearDown(
  context: Pick<EngineContext, "docker" | "settings">,
  state: ClusterState,
): Promise<void> {
  await removeCluster(context.docker, state.id);
  if (state.slot !== undefined) releaseSubnets(context.settings.SUBNETS, state.slot, state.id);
  new ClusterStates(context.settings).remove(state.id);
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
  const known = new Set(states.all().map((state) => state.id));
  const orphans = await orphanedClusters(docker, settings.CACHE, known);
  if (abandoned.length + orphans.length === 0) return;
  await progress.step("removing what an interrupted run left behind", async () => {
    for (const state of abandoned) await tearDown({ docker, settings }, state);
    for (const id of orphans) await removeCluster(docker, id);
  });
}

async function orphanedClusters(docker: Docker, cache: string, known: Set<string>): Promise<string[]> {
  const filters = { label: [`${labels.cache}=${cache}`] };
  const things = [
    ...(await docker.listContainers({ all: true, filters })).map((item) => item.Labels),
    ...(await docker.listNetworks({ filters })).map((item) => item.Labels ?? {}),
  ];
  const orphans = things.filter(
    (item) => !known.has(item[labels.cluster] ?? "") && !isAlive(item[labels.owner] ?? ""),
  );
  return [...new Set(orphans.map((item) => item[labels.cluster] ?? ""))].filter(Boolean);
}

/**
 * Has the host engine, which has the user's registry and credentials, pull the image that IMAGE names.
 * Throws `UsageError` when it cannot.
 */
async function fetchImage({ docker, progress, settings: { IMAGE: image } }: EngineContext): Promise<void> {
  if (image === undefined) return;
  const present = await docker
    .getImage(image)
    .inspect()
    .catch(() => undefined);
  if (present) return;
  try {
    await progress.step(`pulling ${image}`, async () => {
      const answer = await docker.pull(image);
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(answer, (error: Error | null) => (error ? reject(error) : resolve()));
      });
    });
  } catch (error) {
    throw new UsageError(
      `IMAGE=${image}: expected an image that the Docker Engine has or can pull, got ${(error as Error).message} (set in the environment)`,
      { hint: "correct IMAGE, or unset it to use the built-in one", cause: error },
    );
  }
}

/** The built-in image, or the user's own. */
async function imageOf(
  { docker, settings: { IMAGE: image } }: EngineContext,
  builtIn: WorkloadImage,
): Promise<WorkloadImage> {
  if (image === undefined) return builtIn;
  return { image, path: undefined, stream: await docker.getImage(image).get() };
}

function fingerprint(parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
