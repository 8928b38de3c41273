import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bridgesOf, labels } from "#harness/cluster/containers/labels.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { progress } from "#harness/core/async/progress.ts";
import type { ProcessIdentity } from "#harness/core/process/process.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { argvOf, type Ended, processesOf } from "./victim.ts";
import type { World } from "./world.ts";

/** What a killed command has left in the world or on this machine, one line each. Its processes tell its things from others'. */
export function remainsOf(world: World, victim: Ended): string[] {
  const pids = victim.processes.map((one) => one.split(":")[0] ?? "");
  const isIts = (name: string) => pids.some((pid) => new RegExp(`(^|[-.])${pid}([-.]|$)`).test(name));
  const ids = new Set(victim.said.match(/nc-[0-9a-f]{6}/g) ?? []);
  const states = new ClusterStates({ CACHE: world.cache }).all();
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const dead = states.filter(({ owner, kept }) => !kept && victim.processes.includes(owner));
  return [
    ...processesOf(victim.mark).map((pid) => `process ${pid}: ${argvOf(pid).slice(0, 120)}`),
    ...dead.map(({ id }) => `state of ${id}`),
    ...[...ids].filter((id) => !states.some((state) => state.id === id)).flatMap((id) => bridgesOf(id)),
    ...namesIn(world.tmp)
      .filter(isIts)
      .map((name) => `${world.tmp}/${name}`),
    ...leasesOf(world, victim.processes).map((name) => `lease ${name}`),
    ...["/run/netns", "/tmp"].flatMap((folder) =>
      namesIn(folder)
        .filter((name) => name.startsWith("nccni-") && isIts(name))
        .map((name) => join(folder, name)),
    ),
    ...mounts.filter((line) => line.includes(`${world.folder}/`) && !line.includes("/cache/engine/")),
    ...namesIn(join(world.cache, "tmp"))
      .filter(isIts)
      .map((name) => `${world.cache}/tmp/${name}`),
    ...[
      world.folder,
      world.cache,
      join(world.cache, "clusters"),
      join(world.cache, "engines/versions"),
    ].flatMap((folder) =>
      namesIn(folder)
        .filter((name) => isIts(name))
        .map((name) => join(folder, name)),
    ),
  ];
}

/** What is in the engine with a label of these victims, and what else the world still has of them when nothing runs in it any more. */
export async function remainsInEngine(world: World, owners: ReadonlySet<ProcessIdentity>): Promise<string[]> {
  const engine = await ensureEngine({ ...readSettings(), CACHE: world.cache }, progress);
  const { docker } = engine;
  try {
    const filters = { label: [`${labels.cache}=${world.cache}`] };
    const containers = await docker.listContainers({ all: true, filters });
    const networks = await docker.listNetworks({ filters });
    const images = await docker.listImages({ filters: { label: ["netconform=image"], dangling: ["true"] } });
    const unlabelled = await docker.listContainers({ all: true, filters: { label: ["netconform=image"] } });
    const isLeft = (of: Readonly<Record<string, string>> = {}) => owners.has(of[labels.owner] ?? "");
    return [
      ...containers.filter(({ Labels }) => isLeft(Labels)).map(({ Names }) => `container ${Names}`),
      ...networks.filter(({ Labels }) => isLeft(Labels)).map(({ Name }) => `network ${Name}`),
      ...(engine.private ? images.map(({ Id }) => `image ${Id}`) : []),
      ...unlabelled
        .filter(({ Labels }) => labels.cluster in Labels === false)
        .map(({ Names, State }) => `container ${Names} ${State}`),
    ];
  } finally {
    await engine.release();
  }
}

/** Leases of subnets that those processes took. */
function leasesOf(world: World, owners: readonly ProcessIdentity[]): string[] {
  const folder = join(world.tmp, "netconform-subnets");
  return namesIn(folder).filter((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return text === "" || owners.some((owner) => text.includes(`"${owner}"`));
  });
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
