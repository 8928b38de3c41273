import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { EngineRecipe } from "#harness/cluster/engines/recipe.ts";
import { UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { lastLines } from "#harness/host/setup/install.ts";
import { basePackages, baseSuite, checkPrograms, engineHint, hashFiles, packPrograms } from "./programs.ts";

const form = "a static release of Docker (docker/dockerd in a .tgz)";

/**
 * A static release as Docker publishes it. Where a file `NAME.sha256` lies beside it, it must have that checksum. `given` is what
 * the user named. Throws `UsageError` for another checksum; packing it throws one for an archive that is none, is cut off, or is for
 * another machine.
 */
export async function fromTarball({ path }: { readonly path: string }, given = path): Promise<EngineRecipe> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new UsageError(`ENGINE=${given}: expected ${form}, got ${found ? "a folder" : "no such file"}`, {
      hint: engineHint,
    });
  }
  const checksum = await hashFiles([path]);
  await checkAgainst(`${path}.sha256`, checksum, given);
  return {
    what: `the Docker Engine of ${given}`,
    word: given,
    content: `tarball ${checksum}`,
    suite: baseSuite,
    packages: basePackages,
    pack: (into) => repack(path, given, into),
  };
}

async function repack(path: string, given: string, into: string): Promise<string> {
  const dockerd = await findDockerd(path, given);
  const folder = join(into, "release");
  await mkdir(folder);
  await new LocalHost().run(["tar", "--no-same-owner", "-xzf", path, "-C", folder]);
  const programs = join(folder, dirname(dockerd));
  const archive = await packPrograms(programs, await checkPrograms(programs, given), into);
  await rm(folder, { recursive: true });
  return archive;
}

/** Requires the checksum that a file holds, as sha256sum writes it, where there is such a file. */
async function checkAgainst(file: string, checksum: string, given: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const wanted = text.trim().split(/\s/)[0]?.toLowerCase();
  if (wanted === checksum) return;
  throw new UsageError(
    `ENGINE=${given}: expected the checksum of ${basename(file)}, SHA-256 ${wanted}, got ${checksum}`,
    { hint: `fetch the archive again, or correct ${basename(file)}` },
  );
}

/** Reads the whole archive, so that one that is cut off is seen. */
async function findDockerd(path: string, given: string): Promise<string> {
  const listed = await new LocalHost().exec(["tar", "-tzf", path]);
  if (listed.code !== 0) {
    throw new UsageError(`ENGINE=${given}: expected ${form}, got\n${lastLines(listed.stderr, 3)}`, {
      hint: "fetch the archive again: it is cut off, or another file",
    });
  }
  const names = listed.stdout.split("\n");
  const dockerd = names.find((name) => basename(name) === "dockerd");
  if (dockerd) return dockerd;
  throw new UsageError(
    `ENGINE=${given}: expected ${form}, got an archive of ${names.filter(Boolean).slice(0, 5).join(", ") || "nothing"}`,
    { hint: engineHint },
  );
}
