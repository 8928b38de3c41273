import { createHash } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { folder } from "#drivers/contiv/daemons/places.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { Blocked, HarnessError, UsageError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { programFile } from "#harness/host/agent/program.ts";
import type { Host } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** Contiv's programs. */
export const programs = ["netctl", "netmaster", "netplugin"] as const;

/** What `CONTIV` names. `what` is how a user would recognize it. */
export type Release =
  | { readonly kind: "running" }
  | { readonly kind: "archive"; readonly what: string; readonly content: Uint8Array }
  | { readonly kind: "programs"; readonly what: string; readonly contents: ReadonlyMap<string, Uint8Array> };

const downloadMs = 300_000;
const hint = "CONTIV=path of a release tarball, of a folder with the three programs, its URL, or running";

/**
 * Reads the release that the settings name, compares its checksum and looks for the programs in it. Nothing of it is unpacked or
 * run on this machine. Throws `Blocked` when none is given, `UsageError` when it is not there or is something else.
 */
export async function readRelease({
  CONTIV,
  CONTIV_SHA256,
}: Pick<Settings, "CONTIV" | "CONTIV_SHA256">): Promise<Release> {
  if (CONTIV === undefined) throw new Blocked("no Contiv release given (CONTIV=…)");
  if (CONTIV === "running") return { kind: "running" };
  if (/^https?:\/\//.test(CONTIV)) {
    const step = progressOn(process.stderr).step(`downloading ${CONTIV}`, () => download(CONTIV));
    return archive(CONTIV, await step, CONTIV_SHA256);
  }
  const path = resolve(CONTIV);
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new UsageError(`CONTIV=${CONTIV}: there is no ${path} (set in the environment)`, { hint });
  if (!found.isDirectory()) return archive(CONTIV, await readFile(path), CONTIV_SHA256);
  if (CONTIV_SHA256 !== undefined) {
    throw new UsageError(
      `CONTIV_SHA256=${CONTIV_SHA256}: expected CONTIV to be a tarball with it, got the folder ${path}`,
    );
  }
  const contents = await Promise.all(
    programs.map(async (name) => {
      const content = await readFile(join(path, name)).catch(() => undefined);
      if (content) return [name, content] as const;
      throw new UsageError(`CONTIV=${CONTIV}: expected ${programs.join(", ")} in ${path}, got no ${name}`, {
        hint,
      });
    }),
  );
  return { kind: "programs", what: CONTIV, contents: new Map(contents) };
}

async function archive(what: string, content: Uint8Array, expected: string | undefined): Promise<Release> {
  const sum = createHash("sha256").update(content).digest("hex");
  if (expected !== undefined && expected.toLowerCase() !== sum) {
    throw new UsageError(`CONTIV=${what}: expected SHA-256 ${expected} (CONTIV_SHA256), got ${sum}`);
  }
  await lookInto(what, content);
  return { kind: "archive", what, content };
}

/** Throws `UsageError` where the programs are not in the archive. Without Python on this machine, the nodes' find out. */
async function lookInto(what: string, content: Uint8Array): Promise<void> {
  const place = makeScratchFolder();
  try {
    const [packed, script] = [join(place, "release"), join(place, "look-into.py")];
    await Promise.all([writeFile(packed, content), writeFile(script, programFile(["look-into"]))]);
    const looked = await new LocalHost().exec(["python3", script, packed, ...programs]);
    if (looked.code !== 0 && looked.code !== notThere) throw notThese(what, looked.stderr);
  } finally {
    await rm(place, { recursive: true });
  }
}

/** Exit status of a command that the machine does not have. */
const notThere = 127;

function notThese(what: string, said: string): UsageError {
  return new UsageError(
    `CONTIV=${what}: expected a tar archive with ${programs.join(", ")}, got ${said.trim()}`,
    { hint },
  );
}

async function download(url: string): Promise<Uint8Array> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(downloadMs) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    const { message, cause: deeper } = cause as Error & { cause?: Error };
    throw new UsageError(`CONTIV=${url}: expected a release there, got ${deeper?.message ?? message}`, {
      hint,
      cause,
    });
  }
}

/** Puts the three programs into a node's `folder`. Throws `UsageError` when the archive has not all of them. */
export async function putPrograms(node: Host, release: Exclude<Release, { kind: "running" }>): Promise<void> {
  await node.run(["mkdir", "--parents", `${folder}/bin`]);
  if (release.kind === "programs") {
    for (const [name, content] of release.contents)
      await node.files.write(`${folder}/bin/${name}`, content, 0o755);
    return;
  }
  const [package_, script] = [`${folder}/release`, `${folder}/unpack.py`];
  await node.files.write(package_, release.content);
  await node.files.write(script, programFile(["unpack"]));
  const unpacked = await node.exec(["python3", script, package_, `${folder}/bin`, ...programs]);
  if (unpacked.code !== 0) throw notThese(release.what, unpacked.stderr);
  await node.files.remove(package_);
}

/**
 * Where netctl is on a node whose Contiv this run did not install. Throws `HarnessError` when it is nowhere.
 */
export async function findNetctl(node: Host): Promise<string> {
  const places = ["/opt/bin", "/opt/contiv/bin", "/contiv/bin", `${folder}/bin`].join(":");
  const found = await node.exec(["sh", "-c", `PATH="$PATH:${places}" command -v netctl`]);
  if (found.code === 0) return found.stdout.trim();
  throw new HarnessError(`CONTIV=running: there is no netctl on ${node.name}`, {
    hint: `put it into the PATH or into one of ${places.replaceAll(":", ", ")}`,
  });
}
