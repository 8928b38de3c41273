import { createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { EngineRecipe, EngineSettings, SourceContext } from "#harness/cluster/engines/recipe.ts";
import { newestRelease } from "#harness/core/engines/grammar.ts";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { hashFiles, hashText } from "./programs.ts";
import { fromTarball } from "./tarball.ts";

/** Names of machines as Docker's releases have them, by Node.js's. */
const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "x86_64",
  arm64: "aarch64",
  arm: "armhf",
};

/**
 * A static release by its version, from where ENGINE_SOURCE says. It is fetched once; what a version was when it was first seen is
 * kept as its checksum, and another archive under its name is refused. Throws `UsageError` where it cannot be had.
 */
export async function fromRelease(
  { version }: { readonly version: string },
  { settings, progress }: SourceContext,
): Promise<EngineRecipe> {
  const exact = version === newestRelease ? await findNewest(settings) : version;
  const url = addressOf(settings, exact);
  const folder = join(settings.CACHE, "engines", "releases", hashText(url).slice(0, 12));
  const archive = join(folder, basename(new URL(url).pathname));
  await withLock(archive, async () => {
    const kept = await readFile(`${archive}.sha256`, "utf8").catch(() => undefined);
    const there = await hashFiles([archive]).catch(() => undefined);
    if (there !== undefined && there === kept) return;
    await progress.step(`fetching Docker ${exact} from ${url}`, () => download(url, archive, version));
    const checksum = await hashFiles([archive]);
    if (kept === undefined) return writeInOneStep(`${archive}.sha256`, checksum);
    if (kept === checksum) return;
    await rm(archive);
    throw new UsageError(
      `ENGINE=${exact}: expected the archive that ${url} was before, SHA-256 ${kept}, got ${checksum}`,
      { hint: `a release does not change; if it is wanted nevertheless, remove ${archive}.sha256` },
    );
  });
  return { ...(await fromTarball({ path: archive }, exact)), what: `Docker ${exact}` };
}

/** The newest version of which ENGINE_SOURCE's folder has an archive, by the links of its page. Throws `UsageError`. */
export async function findNewest(settings: EngineSettings): Promise<string> {
  const folder = new URL(".", addressOf(settings, "0"));
  const page = await (await request(folder.href, newestRelease)).text();
  const name = basename(new URL(settings.ENGINE_SOURCE).pathname).split(/%7Bversion%7D|\{version\}/i);
  const [before = "", after = ""] = name.map((part) => RegExp.escape(decodeURIComponent(part)));
  const links = page.matchAll(new RegExp(`${before}(\\d+\\.\\d+\\.\\d+)${after}`, "g"));
  const versions = [...links].map(([, version = ""]) => version);
  const newest = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  if (newest) return newest;
  throw new UsageError(`ENGINE=${newestRelease}: expected links to releases in ${folder.href}, got none`, {
    hint: "name a version, or correct ENGINE_SOURCE",
  });
}

function addressOf({ ENGINE_SOURCE }: Pick<EngineSettings, "ENGINE_SOURCE">, version: string): string {
  const arch = architectures[process.arch] ?? process.arch;
  return ENGINE_SOURCE.replaceAll("{version}", version).replaceAll("{arch}", arch);
}

async function download(url: string, path: string, version: string): Promise<void> {
  const part = `${path}.part`;
  await mkdir(join(path, ".."), { recursive: true });
  try {
    const { body } = await request(url, version);
    if (body) await pipeline(Readable.fromWeb(body), createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof UsageError) throw error;
    throw new UsageError(`ENGINE=${version}: ${url} ended before its end: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function request(url: string, version: string): Promise<Response> {
  const refused = (why: string, cause?: unknown) =>
    new UsageError(`ENGINE=${version}: expected a release at ${url}, got ${why}`, {
      hint: "correct the version, or set ENGINE_SOURCE",
      cause,
    });
  const answer = await fetch(url).catch((error: Error) => {
    throw refused(error.cause instanceof Error ? error.cause.message : error.message, error);
  });
  if (!answer.ok) throw refused(`${answer.status} ${answer.statusText}`);
  return answer;
}
