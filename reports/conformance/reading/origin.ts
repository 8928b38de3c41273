import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import type { Installation } from "#harness/conformance/run/installation.ts";
import { $ } from "#harness/host/local/zx.ts";
import { isProtocolSuite } from "#reports/target.ts";

/** What a Git work tree holds. */
export interface Commit {
  /** In hexadecimal. */
  readonly id: string;
  /** Whether files that Git tracks differ from the commit. Those that it does not track, such as reports, are left aside. */
  readonly dirty: boolean;
}

/** Where the plugin of a target comes from, as far as it can be told on this machine. */
export interface Origin {
  /** Of the repository that holds the driver file or the plugin; of one that is known by name, of the current folder. */
  readonly commit?: Commit;
  /** A plugin that is a file of this machine, as `PLUGIN` names it. */
  readonly binaries?: Installation["binaries"];
}

/** The commit of the work tree that a folder is in; `undefined` where there is none, or Git cannot tell. */
export async function readCommit(folder: string): Promise<Commit | undefined> {
  const git = ["git", "-C", folder];
  const [head, changes] = await Promise.all([
    $`${[...git, "rev-parse", "--verify", "HEAD"]}`,
    $`${[...git, "status", "--porcelain", "--untracked-files=no"]}`,
  ]);
  if (head.exitCode !== 0 || changes.exitCode !== 0) return undefined;
  return { id: head.stdout.trim(), dirty: changes.stdout.trim() !== "" };
}

/** The origin of a target's plugin. */
export async function readOrigin({
  reference,
  engine,
}: Pick<TargetContext, "reference" | "engine">): Promise<Origin> {
  const path = resolve(reference);
  const file = /^[./]/.test(reference) && statSync(path, { throwIfNoEntry: false })?.isFile();
  const commit = await readCommit(file ? dirname(path) : process.cwd());
  return {
    ...(commit ? { commit } : {}),
    ...(file && isProtocolSuite(engine) ? { binaries: [{ path, sha256: hash(path) }] } : {}),
  };
}

function hash(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
