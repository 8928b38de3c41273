import { UsageError } from "#harness/core/errors.ts";
import { $ } from "#harness/host/local/zx.ts";
import type { Lines } from "./source.ts";

/** Files that differ, relative to the repository, each with the lines that it has now in place of others; `whole` for a new one and one that is gone. */
export type Changes = ReadonlyMap<string, readonly Lines[] | "whole">;

/** Changes of a work tree, with what they were compared with, in words. */
export interface ChangesSince {
  readonly since: string;
  readonly changes: Changes;
}

/**
 * What differs between a commit and the work tree in that folder, new files included. Without a `reference` the commit is where HEAD left
 * the branch main. Throws `UsageError` where there is no repository, no such commit and no such branch.
 */
export async function changesSince(folder: string, reference?: string): Promise<ChangesSince> {
  const git = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await $({
      cwd: folder,
    })`${["git", "-c", "core.quotePath=false", ...args]}`;
    return exitCode === 0 ? stdout : new UsageError(`--changed: git says ${stderr.trim()}`);
  };
  const must = (said: string | UsageError) => {
    if (typeof said === "string") return said;
    throw said;
  };
  const commit = async (name: string) => git("rev-parse", "--verify", "--quiet", `${name}^{commit}`);
  let base: string;
  let since: string;
  if (reference === undefined) {
    must(await git("rev-parse", "--git-dir"));
    const names = ["origin/main", "main"];
    const found = (await Promise.all(names.map(commit))).findIndex((said) => typeof said === "string");
    const branch = names[found];
    if (branch === undefined) {
      throw new UsageError("--changed: there is neither a branch origin/main nor main to compare with", {
        hint: "name a commit: --changed HEAD~1",
      });
    }
    base = must(await git("merge-base", "HEAD", branch)).trim();
    since = `${base.slice(0, 7)}, where HEAD left ${branch}`;
  } else {
    const found = await commit(reference);
    if (typeof found !== "string") {
      throw new UsageError(`--changed ${reference}: no such commit (given on the command line)`);
    }
    base = found.trim();
    since = reference;
  }
  const diff = must(await git("diff", "-U0", "--no-color", "--no-ext-diff", "--no-renames", base, "--"));
  const others = must(await git("ls-files", "-z", "--others", "--exclude-standard"));
  const fresh = others.split("\0").filter(Boolean);
  return { since, changes: new Map([...parseDiff(diff), ...fresh.map((path) => [path, "whole"] as const)]) };
}

/** Reads what `git diff -U0` prints. Where lines are only gone, those around them count. */
export function parseDiff(diff: string): Changes {
  const changes = new Map<string, Lines[] | "whole">();
  let before = "";
  let path = "";
  for (const line of diff.split("\n")) {
    const named = /^(---|\+\+\+) (?:[ab]\/(.*)|\/dev\/null)$/.exec(line);
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (named?.[1] === "---") before = named[2] ?? "";
    else if (named) {
      path = named[2] ?? before;
      changes.set(path, before === "" || named[2] === undefined ? "whole" : []);
    } else if (hunk) {
      const [first, count] = [Number(hunk[1]), Number(hunk[2] ?? 1)];
      const lines = changes.get(path);
      if (lines !== "whole") lines?.push({ first, last: count === 0 ? first + 1 : first + count - 1 });
    }
  }
  return changes;
}
