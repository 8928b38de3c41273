import { access, constants } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isSpecVersion } from "#harness/cni/protocol/version.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import { findObstacle } from "#harness/cni/testbed/chain/obstacle.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { sweepPlaces } from "#harness/cni/testbed/place/place.ts";
import { readAbout } from "#harness/cni/testbed/reference/reference.ts";
import { HarnessError, messageOf } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";
import { type Configuration, generateConfigurations, type Untried } from "./configuration.ts";
import type { OptionSpace } from "./option.ts";
import type { SpaceReport } from "./report/page.ts";
import { type Walked, walk } from "./walk/walk.ts";

/** What is to be run. */
export interface SpaceSelection {
  readonly seed: number;
  readonly spaces: readonly OptionSpace[];
  /** Names of configurations; all where it is left out. */
  readonly only?: readonly string[] | undefined;
}

export interface SpaceFolder {
  readonly generation: string;
  readonly folder: string;
}

type Found = Omit<PluginUnderTest, "profile">;

/** One configuration of a plugin that is there. */
export interface Job {
  readonly found: Found;
  readonly space: OptionSpace;
  readonly configuration: Configuration;
}

/** What is run of the plugins in a folder. */
export interface SpacePlan extends SpaceFolder {
  readonly jobs: readonly Job[];
  readonly untried: readonly Untried[];
}

/** The configurations of the plugins in a folder, without running any. A plugin that is not there has none. */
export async function planSpace(
  host: Host,
  { generation, folder }: SpaceFolder,
  { seed, spaces, only }: SpaceSelection,
): Promise<SpacePlan> {
  const jobs: Job[] = [];
  const untried: Untried[] = [];
  for (const space of spaces) {
    const found = await findIn(host, folder, space.plugin);
    if (!found) {
      untried.push({ plugin: space.plugin, option: "", value: "", why: "not among the plugins" });
      continue;
    }
    const obstacles = await findObstacles(host, space);
    const generated = generateConfigurations(space, seed, {
      release: await releaseOf(found, generation),
      obstacle: (needs) => needs.map((need) => obstacles.get(need)).find((why) => why !== undefined),
    });
    untried.push(...generated.untried);
    jobs.push(...generated.configurations.map((configuration) => ({ found, space, configuration })));
  }
  const chosen = only ? jobs.filter(({ configuration }) => only.includes(configuration.name)) : jobs;
  return { generation, folder, jobs: chosen, untried };
}

/** Runs what is planned, several configurations at once. `onProgress` is told how far it is. */
export async function runSpace(
  host: Host,
  { jobs, ...plan }: SpacePlan,
  onProgress: (text: string) => void,
): Promise<SpaceReport> {
  await sweepPlaces(host);
  const walked = await inParallel(jobs, (job, done) => {
    onProgress(`${job.configuration.name}, ${done} of ${jobs.length} configurations`);
    return walkJob(job);
  });
  return { ...plan, walked };
}

async function walkJob({ found, space, configuration }: Job): Promise<Walked> {
  try {
    return await walk(found, space, configuration);
  } catch (error) {
    const why = messageOf(error);
    return { ...configuration, verdicts: {}, steps: [], error: why };
  }
}

/** In their order. Most of the time a configuration waits for the kernel, e.g. for addresses to be found unique. */
async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, done: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next;
      next += 1;
      results[at] = await work(items[at] as T, done);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(3 * availableParallelism(), items.length) }, worker));
  return results;
}

async function findIn(host: Host, folder: string, type: string): Promise<Found | undefined> {
  const path = join(folder, type);
  try {
    await access(path, constants.X_OK);
  } catch {
    return undefined;
  }
  const { supportedVersions } = await new CniRuntime({ host, path: [folder] }).version(type);
  const version = specVersions.findLast((one) => supportedVersions.includes(one));
  if (version === undefined || !isSpecVersion(version)) {
    throw new HarnessError(`${path}: claims ${supportedVersions.join(", ")}, none that the suite knows`);
  }
  return { host, type, path, cniPath: [folder], version, claims: supportedVersions };
}

/** The release of a plugin: what its folder is called, else what it says of itself. */
async function releaseOf(found: Found, generation: string): Promise<string | undefined> {
  const release = /^v?(\d+\.\d+\.\d+)/;
  const named = release.exec(generation)?.[1];
  if (named !== undefined) return named;
  const about = await readAbout({ ...found, profile: { kind: "interface", config: () => ({}) } });
  return / v?(\d+\.\d+\.\d+)/.exec(about ?? "")?.[1];
}

async function findObstacles(host: Host, { base, options }: OptionSpace): Promise<Map<string, string>> {
  const values = [base ?? {}, ...Object.values(options).flatMap((option) => Object.values(option))];
  const needs = new Set(values.flatMap((value) => value.needs ?? []));
  const obstacles = new Map<string, string>();
  for (const need of needs) {
    const why = await findObstacle(host, { needs: [need] });
    if (why !== undefined) obstacles.set(need, why);
  }
  return obstacles;
}
