import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** The suite of the system below programs that come without one. */
export const baseSuite = "trixie";

/**
 * What programs need of Debian: containerd with runc and a command line, which come first in the search path where the
 * programs bring their own.
 */
export const basePackages: readonly string[] = ["containerd", "docker-cli"];

/** What to do about a file or folder that is no engine. */
export const engineHint =
  "name a folder with dockerd, a static release of Docker (.tgz) or an apt source; docs/engines.md lists what ENGINE takes";

/** ELF's numbers of machines, by Node.js's names. */
const machines: Readonly<Partial<Record<NodeJS.Architecture, number>>> = {
  x64: 0x3e,
  arm64: 0xb7,
  arm: 0x28,
};

/** Names of the programs of a folder: executable files right in it. */
export async function programsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
      return isFile && (await isExecutable(path)) ? [name] : [];
    }),
  );
  return found.flat();
}

/** Requires dockerd among the programs of a folder, for this machine. `given` is what the user named. Throws `UsageError`. */
export async function checkPrograms(folder: string, given: string): Promise<string[]> {
  const programs = await programsIn(folder);
  if (!programs.includes("dockerd")) {
    const there = programs.length > 0 ? programs.slice(0, 8).join(", ") : "no program";
    throw new UsageError(`ENGINE=${given}: expected dockerd and its helpers, got ${there}`, {
      hint: "name the folder that holds dockerd itself; programs must be executable (chmod +x)",
    });
  }
  const file = await open(join(folder, "dockerd"));
  try {
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    checkMachine(buffer, given);
  } finally {
    await file.close();
  }
  return programs;
}

/** Writes the tar archive of those programs as root's. */
export async function packPrograms(
  folder: string,
  programs: readonly string[],
  into: string,
): Promise<string> {
  const archive = join(into, "engine.tar");
  const options = ["--dereference", "--owner=0", "--group=0", "--mode=755", "--sort=name"];
  await new LocalHost().run(["tar", ...options, "-cf", archive, "-C", folder, "--", ...programs]);
  return archive;
}

/** SHA-256 of files, one after the other, in hexadecimal. */
export async function hashFiles(paths: readonly string[], names: readonly string[] = []): Promise<string> {
  const hash = createHash("sha256");
  for (const [index, path] of paths.entries()) {
    const name = names[index];
    if (name !== undefined) hash.update(`${name}\0`);
    await pipeline(createReadStream(path), hash, { end: false });
  }
  return hash.digest("hex");
}

/** SHA-256 of a text, in hexadecimal. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function checkMachine(head: Buffer, given: string): void {
  if (head.subarray(0, 4).toString("latin1") !== "\x7fELF") {
    throw new UsageError(`ENGINE=${given}: expected dockerd to be a program (ELF), got another file`, {
      hint: engineHint,
    });
  }
  const wanted = machines[process.arch];
  const found = head.readUInt16LE(18);
  if (wanted === undefined || wanted === found) return;
  const name = Object.entries(machines).find(([, number]) => number === found)?.[0];
  throw new UsageError(
    `ENGINE=${given}: expected programs for this machine (${process.arch}), got ones for ${name ?? `machine ${found} of ELF`}`,
    { hint: "fetch or build the engine for this machine, or run where its programs run" },
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
