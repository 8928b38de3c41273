import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { z } from "zod";
import type { Progress } from "#harness/core/async/progress.ts";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { isAlive, ownIdentity } from "#harness/core/process/process.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { buildSystem } from "./builder/builder.ts";
import { currentName, ensureNodeImage, type NodeImageSettings } from "./node-image.ts";
import { hasImage } from "./pull.ts";
import { builtInWorkload, importWorkload, workloadArchive } from "./workload-image.ts";

const manifests = z.tuple([z.object({ Layers: z.tuple([z.string()]) })]);
const loadedLine = /Loaded image: (\S+)/;

/**
 * Writes the node images of those engines, words of ENGINE, and the workload image into a file, in the format of `docker save`; those
 * that are missing are made first. Yields their names.
 */
export async function saveImages(
  docker: Docker,
  engines: readonly string[],
  file: string,
  settings: NodeImageSettings,
  progress: Progress,
): Promise<string[]> {
  const nodes: string[] = [];
  for (const { source } of engines.flatMap((word) => parseEngine(word))) {
    nodes.push((await ensureNodeImage(docker, source, settings, progress)).image);
  }
  const workload = await workloadArchive(settings, progress, (plan) =>
    buildSystem(docker, settings, progress, plan),
  );
  const brought = !(await hasImage(docker, workload.image));
  await importWorkload(docker, workload);
  const names = [...new Set([...nodes, workload.image])];
  await removeParts(file);
  const part = `${file}${partMark}${ownIdentity().replace(":", "-")}`;
  try {
    await progress.step(`writing ${names.length} images to ${file}`, async () => {
      await pipeline(await exportImages(docker, names), createWriteStream(part));
      await rename(part, file);
    });
  } finally {
    await rm(part, { force: true });
    // The engine whose nodes are containers has no use for it.
    if (brought) await docker.getImage(workload.image).remove();
  }
  return names;
}

const partMark = ".part-";

/** What was written of the file by processes that were killed. */
async function removeParts(file: string): Promise<void> {
  const begin = `${basename(file)}${partMark}`;
  const names = await readdir(dirname(file)).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(begin))) {
    if (!isAlive(name.slice(begin.length).replace("-", ":")))
      await rm(join(dirname(file), name), { force: true });
  }
}

/**
 * Gives the images of such a file to an engine, and the workload image to the cache. Yields the names of all, and whether this
 * version of the project uses each. Throws `UsageError` for a file that is none of `saveImages`.
 */
export async function loadImages(
  docker: Docker,
  file: string,
  settings: Pick<Settings, "CACHE">,
  progress: Progress,
): Promise<{ image: string; fits: boolean }[]> {
  const there = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!there)
    throw new UsageError(`${file}: expected a file that \`netconform images save\` wrote, got none`);
  const names = await progress.step(`loading the images of ${file}`, () => load(docker, file));
  const workload = await builtInWorkload(settings);
  const wanted = [workload.image, ...(await Promise.all(names.map((name) => currentName(docker, name))))];
  if (names.includes(workload.image)) {
    await unpackWorkload(docker, workload, settings);
    await docker.getImage(workload.image).remove();
  }
  return names.map((image) => ({ image, fits: wanted.includes(image) }));
}

/** dockerode's `getImages`, which its types lack. */
async function exportImages(docker: Docker, names: readonly string[]): Promise<Readable> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: "/images/get?",
        method: "GET",
        options: { names },
        isStream: true,
        statusCodes: { 200: true, 404: "no such image", 500: "server error" },
      },
      (error, answer) => (error ? reject(error) : resolve(answer as Readable)),
    );
  });
}

async function load(docker: Docker, file: string): Promise<string[]> {
  const refused = (why: string) =>
    new UsageError(`${file}: expected a file that \`netconform images save\` wrote, got ${why}`);
  const answer = await docker.loadImage(createReadStream(file)).catch((error: Error) => {
    throw refused(error.message);
  });
  const messages = await new Promise<{ stream?: string }[]>((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null, said: { stream?: string }[]) =>
      error ? reject(refused(error.message)) : resolve(said),
    );
  });
  const names = messages.flatMap(({ stream }) => loadedLine.exec(stream ?? "")?.[1] ?? []);
  if (names.length === 0) throw refused("no image in it");
  return names;
}

/** The only layer of the image is the archive that it was made from, byte for byte. */
async function unpackWorkload(
  docker: Docker,
  { image, path }: { image: string; path: string },
  settings: Pick<Settings, "CACHE">,
): Promise<void> {
  const local = new LocalHost();
  await mkdir(settings.CACHE, { recursive: true });
  const folder = await mkdtemp(join(settings.CACHE, "workload-"));
  const saved = join(folder, "saved.tar");
  try {
    await pipeline(await docker.getImage(image).get(), createWriteStream(saved));
    const manifest = await local.run(["tar", "-xOf", saved, "manifest.json"]);
    const read = manifests.safeParse(JSON.parse(manifest));
    if (!read.success) throw new HarnessError(`${image}: expected an image of one layer, got ${manifest}`);
    const [layer] = read.data[0].Layers;
    await local.run(["tar", "-xf", saved, "-C", folder, layer]);
    await rename(join(folder, layer), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
