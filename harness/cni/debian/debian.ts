import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type BootstrapSettings, bootstrap } from "#harness/host/setup/mmdebstrap.ts";

/** Debian's package of the CNI project's plugins. */
export const debianPackage = "containernetworking-plugins";

/** Debian suites that carry one generation of the plugins each, oldest first. */
export const debianSuites = ["bookworm", "sid"] as const;
export type DebianSuite = (typeof debianSuites)[number];

const binaries = "usr/lib/cni";
const documents = `usr/share/doc/${debianPackage}`;
const options = [
  "--variant=extract",
  "--components=main",
  `--include=${debianPackage}`,
  // Package lists need not be cleaned out of an archive that only the plugins are taken from.
  "--skip=cleanup/apt",
];

/** The plugins of one Debian suite. */
export interface DebianPlugins {
  readonly suite: DebianSuite;
  /** Folder with the executables, in the cache. */
  readonly folder: string;
  /** Version of the package, e.g. `1.1.1+ds1-3`. */
  readonly version: string;
  /** Version of the plugins, e.g. `1.1.1`. */
  readonly generation: string;
}

/**
 * Unpacks Debian's plugins of a suite into the cache, from the mirror that the images are made from; nothing is
 * installed. Once made, they stay until the options above or the cache change.
 * Throws `UsageError` without a mirror, `HarnessError` when the mirror does not carry the suite or the package.
 */
export async function debianPlugins(
  settings: BootstrapSettings,
  progress: Progress,
  suite: DebianSuite,
): Promise<DebianPlugins> {
  const hash = createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 12);
  const prefix = `cni-plugins-${suite}-`;
  const folder = join(settings.CACHE, `${prefix}${hash}`);
  const made = () =>
    readVersion(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return undefined;
    });
  const version =
    (await made()) ??
    (await withLock(folder, async () => {
      const others = await made();
      if (others) return others;
      await mkdir(settings.CACHE, { recursive: true });
      const part = `${folder}.part`;
      await rm(part, { recursive: true, force: true });
      await mkdir(part);
      await bootstrap(settings, progress, {
        what: "Debian's CNI plugins",
        suite,
        options,
        source: import.meta.dirname,
        consume: (archive) => unpack(archive, part),
      });
      const unpacked = await readVersion(part);
      await removeStarting(settings.CACHE, prefix, part);
      await rename(part, folder);
      return unpacked;
    }));
  return { suite, folder: join(folder, binaries), version, generation: generationOf(version) };
}

/** `1.1.1` for `1.1.1+ds1-3+b5`: the version without epoch, repackaging mark and Debian revision. */
export function generationOf(version: string): string {
  return version.replace(/^\d+:/, "").replace(/[-+~].*$/, "");
}

/** The version on top of the package's changelog. Rejects with `ENOENT` when nothing was unpacked there. */
async function readVersion(folder: string): Promise<string> {
  const path = join(folder, documents, "changelog.Debian.gz");
  const text = gunzipSync(await readFile(path)).toString();
  const version = /^\S+ \(([^)]+)\)/.exec(text)?.[1];
  if (version) return version;
  throw new HarnessError(`${path}: expected a Debian changelog, got ${JSON.stringify(text.slice(0, 80))}`, {
    hint: `remove ${folder}; the next run makes it again`,
  });
}

async function unpack(archive: Readable, folder: string): Promise<void> {
  const members = [`./${binaries}`, `./${documents}`];
  const tar = await new LocalHost().spawn(["tar", "-x", "--no-same-owner", "-C", folder, ...members]);
  tar.stdout.resume();
  let said = "";
  tar.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  const [{ code }] = await Promise.all([tar.exit, pipeline(archive, tar.stdin)]).catch((error: unknown) => {
    throw new HarnessError(`unpacking Debian's CNI plugins failed: ${said || error}`);
  });
  if (code !== 0) throw new HarnessError(`unpacking Debian's CNI plugins failed (${code}): ${said}`);
}

async function removeStarting(cache: string, prefix: string, keep: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => name.startsWith(prefix));
  const paths = names.map((name) => join(cache, name)).filter((path) => path !== keep);
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}
