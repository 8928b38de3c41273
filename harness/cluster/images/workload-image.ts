import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { type Bootstrap, type BootstrapSettings, bootstrap } from "#harness/host/setup/mmdebstrap.ts";
import { importArchive } from "./import.ts";
import { imageLabel } from "./node-contract.ts";

/** A workload image on its way to the nodes. */
export type WorkloadImage =
  /** The built-in one: `path` is the tar archive of its file system. */
  | { image: string; path: string }
  /** The user's own: `stream` is what `docker save` gives. */
  | { image: string; path: undefined; stream: NodeJS.ReadableStream };

const script = join(import.meta.dirname, "workload-rootfs.sh");
const suite = "trixie";
const options = [
  "--variant=extract",
  "--components=main",
  "--include=busybox-static",
  // The script removes the configuration by which that step knows where to clean: it would empty this machine's package lists.
  "--skip=cleanup/apt",
  '--extract-hook="$SOURCE"/workload-rootfs.sh "$1"',
];
const changes = [
  'CMD ["/bin/sh"]',
  ...Object.entries(imageLabel).map(([key, value]) => `LABEL ${key}=${value}`),
];

/**
 * The built-in workload image, `netconform/workload:<hash of its inputs>`: busybox from Debian, about 2 MB.
 * Its archive lies in the cache; it is made when it is missing, and older ones go. `build` makes it:
 * by itself on this machine, which may not be able to.
 */
export async function workloadArchive(
  settings: BootstrapSettings,
  progress: Progress,
  build: (plan: Bootstrap) => Promise<void> = (plan) => bootstrap(settings, progress, plan),
): Promise<{ image: string; path: string }> {
  const archive = await builtInWorkload(settings);
  const { path } = archive;
  if (await exists(path)) return archive;

  await withLock(path, async () => {
    if (await exists(path)) return;
    await mkdir(settings.CACHE, { recursive: true });
    const part = `${path}.part`;
    await build({
      what: "the workload image",
      suite,
      options,
      source: import.meta.dirname,
      consume: (tar) => pipeline(tar, createWriteStream(part)),
    });
    await removeOthers(settings.CACHE, basename(part));
    await rename(part, path);
  });
  return archive;
}

/** Name and place in the cache of the workload image that this version of the project builds, which may not be there. */
export async function builtInWorkload(
  settings: Pick<Settings, "CACHE">,
): Promise<{ image: string; path: string }> {
  const hash = createHash("sha256")
    .update(JSON.stringify([suite, options]))
    .update(await readFile(script))
    .digest("hex")
    .slice(0, 12);
  const path = join(settings.CACHE, `workload-${hash}.tar`);
  return { image: `netconform/workload:${hash}`, path };
}

/** Puts the image onto a node unless it is there. */
export async function importWorkload(docker: Docker, workload: WorkloadImage): Promise<void> {
  const found = await docker.listImages({ filters: { reference: [workload.image] } });
  if (found.length > 0) return;
  if (workload.path !== undefined) {
    await importArchive(docker, workload.path, { image: workload.image, changes });
    return;
  }
  const answer = await docker.loadImage(workload.stream, { quiet: true });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null) => {
      if (error) reject(new HarnessError(`loading ${workload.image} onto a node failed: ${error.message}`));
      else resolve();
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** How long an archive that is not `keep` stays: a run of another version of the project may be writing it, or about to read it. */
const spareMs = 60 * 60_000;

/** Removes archives of other versions of the project. */
export async function removeOthers(cache: string, keep: string): Promise<void> {
  const archives = (await readdir(cache)).filter((name) => /^workload-\w+\.tar/.test(name) && name !== keep);
  for (const path of archives.map((name) => join(cache, name))) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > spareMs) await rm(path, { force: true });
  }
}
