import { createHash } from "node:crypto";
import { access, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type BootstrapSettings, bootstrap } from "#harness/host/setup/mmdebstrap.ts";

/** Folders that are links to those in /usr, before the first package is unpacked. */
const linked = `--setup-hook=for one in bin sbin lib lib64; do mkdir -p "$1/usr/$one"; ln -s "usr/$one" "$1/$one"; done`;

/** What every world runs: a shell, and what the recording plugins call. */
const basis = ["coreutils", "dash", "sed", "util-linux", "mount"];

/**
 * A file system with packages of a Debian suite, unpacked and not installed, in the cache: the folder. Made when it is missing;
 * `name` is the same for all that replace each other. Throws `UsageError` without a mirror, `HarnessError` when the suite has not the
 * packages.
 */
export async function debianRoot(
  settings: BootstrapSettings,
  progress: Progress,
  { name, suite, packages }: { name: string; suite: string; packages: readonly string[] },
): Promise<string> {
  const options = [
    "--variant=extract",
    "--components=main",
    `--include=${[...basis, ...packages].join(",")}`,
    "--skip=cleanup/apt",
    linked,
  ];
  const hash = createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 12);
  const prefix = `cni-runtime-${name}-${suite}-`;
  const folder = join(settings.CACHE, `${prefix}${hash}`);
  const isThere = () =>
    access(folder).then(
      () => true,
      () => false,
    );
  if (await isThere()) return folder;
  await withLock(folder, async () => {
    if (await isThere()) return;
    const part = `${folder}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    await bootstrap(settings, progress, {
      what: `the CNI runtime ${name}`,
      suite,
      options,
      source: import.meta.dirname,
      consume: (archive) => unpack(archive, part),
    });
    const others = (await readdir(settings.CACHE)).filter((one) => one.startsWith(prefix));
    for (const other of others.map((one) => join(settings.CACHE, one))) {
      if (other !== part) await rm(other, { recursive: true, force: true });
    }
    await rename(part, folder);
  });
  return folder;
}

async function unpack(archive: Readable, folder: string): Promise<void> {
  const tar = await new LocalHost().spawn(["tar", "-x", "-C", folder, "--exclude=./dev/*"]);
  tar.stdout.resume();
  let said = "";
  tar.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  const [{ code }] = await Promise.all([tar.exit, pipeline(archive, tar.stdin)]).catch((error: unknown) => {
    throw new HarnessError(`unpacking the CNI runtime failed: ${said || error}`);
  });
  if (code !== 0) throw new HarnessError(`unpacking the CNI runtime failed (${code}): ${said}`);
}
