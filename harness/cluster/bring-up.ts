import { createHash, randomBytes } from "node:crypto";
import { within } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import type { ClusterProvider } from "#harness/core/settings/schema.ts";
import type { ClusterNode, ExternalHost } from "./cluster.ts";
import { engineOfNode, type TargetEngine } from "./engines/target-engine.ts";
import { forgetWhenInterrupted, isInterrupted, removeWhenInterrupted } from "./interruption.ts";
import type { BringUpOptions, OwnedCluster } from "./provider.ts";
import { RemoteCluster } from "./remote-cluster.ts";
import type { ClusterState, ClusterStates, HostState } from "./state.ts";

/** What a cluster is made of, which is known before anything of it exists. */
export interface Material {
  /** Kept clusters of the same key fit: driver, engine, size, images. */
  readonly key: string;
  /** Name of the workload image that every node is given. */
  readonly image: string;
}

/** The hosts of a cluster, reachable and not prepared yet. */
export type StartedHosts = Pick<ClusterState, "nodes" | "external" | "slot" | "dockerHost">;

/** One attempt to bring a cluster up. `start` is called at once, so that `discard` finds whatever it has made. */
export interface Attempt {
  start(): Promise<StartedHosts>;
  /** On an interruption, before `discard`: ends `start`, or waits for what cannot be ended. */
  interrupt?(starting: Promise<StartedHosts>): Promise<unknown>;
  /** Says on the hosts who uses them, where others could. */
  mark?(): Promise<void>;
  /** What preparing the hosts is called in messages; all are prepared at the same time. */
  readonly preparing: string;
  prepareNode(node: ClusterNode, cluster: RemoteCluster): Promise<void>;
  prepareExternal(external: ExternalHost): Promise<void>;
  /** Removes everything that the attempt has made. `state` is there once all hosts were reachable. */
  discard(state: ClusterState | undefined): Promise<void>;
}

/** What is done to a kept cluster before it is used again. */
export interface Takeover {
  /** A cluster that is well answers within a fraction of this. */
  readonly answerMs: number;
  /** Keeps others away from its hosts. */
  lock?(): Promise<void>;
  /** Rejects where a host that is needed does not answer. */
  answers(cluster: RemoteCluster): Promise<unknown>;
  /** It is this run's now. */
  taken?(state: ClusterState): Promise<void>;
  tearDown(state: ClusterState): Promise<void>;
}

/** How one provider brings up one cluster; `bringUp` calls the parts in the order of this interface. */
export interface Strategy<M extends Material> {
  readonly provider: ClusterProvider;
  readonly states: ClusterStates;
  readonly progress: Progress;
  /** Removes what killed runs left behind; left out where only the hosts themselves can tell, in `start`. */
  sweep?(): Promise<void>;
  /** Finds out, or makes, what a cluster is made of. */
  material(): Promise<M>;
  readonly takeover: Takeover;
  /** Reserves what the cluster needs of this machine, e.g. subnets; `id` is the cluster's. */
  begin(id: string, material: M): Promise<Attempt>;
  /** Called when no cluster came of it. */
  close?(): Promise<void>;
}

/**
 * Brings a cluster up: sweeps, takes over a kept cluster that fits unless `fresh` is asked for, else starts a new one, saves its
 * state and prepares its hosts. What was begun is removed when a step fails, or when the run is interrupted.
 */
export async function bringUp<M extends Material>(
  strategy: Strategy<M>,
  { driver, engine, fresh = false }: { driver: string; engine: TargetEngine } & BringUpOptions,
): Promise<OwnedCluster> {
  try {
    await strategy.sweep?.();
    const material = await strategy.material();
    const kept = fresh ? undefined : await takeOver(strategy, material.key);
    return kept ?? (await start(strategy, material, { driver, engine }));
  } catch (error) {
    await strategy.close?.();
    throw error;
  }
}

/** Everything of a cluster that is used again answers: the engines of its nodes, and the external host. */
export function everyHostAnswers({ nodes, external }: RemoteCluster): Promise<unknown> {
  return Promise.all([...nodes.map((node) => node.docker.ping()), external.run(["true"])]);
}

/** A key for what a cluster is made of. */
export function fingerprint(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

async function start<M extends Material>(
  strategy: Strategy<M>,
  material: M,
  { driver, engine }: { driver: string; engine: TargetEngine },
): Promise<OwnedCluster> {
  const { provider, states, progress } = strategy;
  const { key, image } = material;
  const id = `nc-${randomBytes(3).toString("hex")}`;
  // The images may have taken minutes.
  if (isInterrupted()) throw new HarnessError(`${driver} gets no cluster: the run was interrupted`);
  const attempt = await strategy.begin(id, material);
  let state: ClusterState | undefined;
  let discarded: Promise<void> | undefined;
  // An interruption and the failure that it brings about both ask for it.
  const discard = () => {
    discarded ??= attempt.discard(state);
    return discarded;
  };
  const starting = attempt.start();
  removeWhenInterrupted(id, async () => {
    await attempt.interrupt?.(starting);
    await discard();
  });
  let cluster: RemoteCluster | undefined;
  try {
    const hosts = await starting;
    const owned = { owner: ownIdentity(), kept: false, createdAt: new Date().toISOString() };
    const nodes = hosts.nodes.map((node, index) => withEngine(node, engine, index));
    state = { ...{ id, provider, key, driver, engine: engine.name, image }, ...owned, ...hosts, nodes };
    states.save(state);
    cluster = new RemoteCluster(state);
    await attempt.mark?.();
    await prepare(attempt, cluster, progress, state.external !== undefined);
    return { state, cluster, reused: false };
  } catch (error) {
    await cluster?.disconnect();
    await discard();
    forgetWhenInterrupted(id);
    throw error;
  }
}

function withEngine(node: HostState, engine: TargetEngine, index: number): HostState {
  const own = engineOfNode(engine, index);
  return own === undefined ? node : { ...node, engine: own.version, flags: own.flags };
}

async function prepare(
  attempt: Attempt,
  cluster: RemoteCluster,
  progress: Progress,
  hasExternal: boolean,
): Promise<void> {
  await progress.step(attempt.preparing, () =>
    Promise.all([
      ...(hasExternal ? [attempt.prepareExternal(cluster.external)] : []),
      ...cluster.nodes.map((node) => attempt.prepareNode(node, cluster)),
    ]),
  );
}

/**
 * Takes over a kept cluster that fits `key` and answers; one that does not answer in time is torn down. `undefined` when
 * there is none.
 */
async function takeOver<M extends Material>(
  { states, progress, takeover }: Strategy<M>,
  key: string,
): Promise<OwnedCluster | undefined> {
  const state = await withLock("kept clusters", async () => states.claim(key), {
    what: "choosing a cluster",
  });
  if (!state) return undefined;
  await takeover.lock?.();
  const cluster = new RemoteCluster(state);
  try {
    const { answerMs: deadlineMs } = takeover;
    await within({ what: "every node of it to answer", deadlineMs }, takeover.answers(cluster));
    await takeover.taken?.(state);
    return { state, cluster, reused: true };
  } catch (error) {
    progress.say(
      `the kept cluster ${state.id} does not answer (${(error as Error).message}); making a new one`,
    );
    await Promise.all([cluster.disconnect(), takeover.tearDown(state)]);
    return undefined;
  }
}
