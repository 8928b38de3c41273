import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { saveImages } from "#harness/cluster/images/image-file.ts";
import { workloadArchive } from "#harness/cluster/images/workload-image.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { progress } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { passOn } from "#harness/core/settings/session.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { type Ended, runCommand } from "./victim.ts";

/** A cache, a temporary folder and subnets of its own, so that what is killed and what looks for remains concerns nobody else. */
export interface World extends AsyncDisposable {
  readonly folder: string;
  readonly cache: string;
  readonly tmp: string;
  /** Of every command in it; reports go to folders that the caller names. */
  readonly env: Readonly<Record<string, string>>;
  /** Ids of its clusters, apart from the one that `keep` made. */
  clusters(): string[];
  /** Brings up a cluster that somebody keeps, which nothing else may touch; resolves to the ids that there are then. */
  keep(): Promise<string[]>;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
}

/**
 * Makes such a world with the node image and the workload image in it. Where this machine has no engine of its own, it gets a
 * private one of its own, which commands start and stop.
 */
export async function openWorld(subnets: string): Promise<World> {
  const scratch = disposableFolder();
  const [cache, tmp] = [join(scratch.path, "cache"), join(scratch.path, "tmp")];
  for (const folder of [cache, tmp]) mkdirSync(folder);
  const settings = { ...readSettings(), KEEP: false };
  const [word = "26.1"] = settings.ENGINE;
  const env = { CACHE: cache, TMPDIR: tmp, SUBNETS: subnets, ENGINE: word, NODES: "2", KEEP: "0" };
  const engine = await ensureEngine(settings, progress);
  const own = engine.private ? { DOCKER_HOST: "" } : { DOCKER_HOST: engine.host };
  const ids = () => new ClusterStates({ CACHE: cache }).all().map(({ id }) => id);
  let kept: string[] = [];
  const world: World = {
    clusters: () => ids().filter((id) => !kept.includes(id)),
    async keep() {
      await succeed(world.run(["cluster", "up"], { DRIVER: "macvlan", NODES: "1" }));
      kept = ids();
      return kept;
    },
    ...{ folder: scratch.path, cache, tmp, env: { ...env, ...own } },
    run: (args, more = {}) => runCommand(args, { ...world.env, ...more }),
    async [Symbol.asyncDispose]() {
      await world.run(["cluster", "down"]);
      scratch[Symbol.dispose]();
    },
  };
  try {
    const archive = join(scratch.path, "images.tar");
    if (engine.private) await saveImages(engine.docker, [word], archive, settings, progress);
    const { path } = await workloadArchive(settings, progress);
    copyFileSync(path, join(cache, basename(path)));
    await engine.release();
    // Else this process would ask the engine that the images came from for what is left in the world's.
    passOn(own);
    if (engine.private) await succeed(world.run(["images", "load", archive]));
    return world;
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** Throws with everything that it said where a command did not end with exit code 0. */
export async function succeed(running: Promise<Ended>): Promise<Ended> {
  const ended = await running;
  if (ended.code === 0) return ended;
  throw new Error(`expected exit code 0, got ${ended.code ?? ended.signal}\n${ended.said}`);
}
