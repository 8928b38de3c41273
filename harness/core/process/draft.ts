import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HarnessError } from "#harness/core/errors.ts";
import { identify } from "./process.ts";

/** Something cannot be written since there is no room for it. */
export class DiskFull extends HarnessError {
  override name = "DiskFull";
  constructor(path: string, cause?: unknown) {
    super(`${path} cannot be written: there is no space left on its disk`, {
      hint: "make room there, or name folders on another disk: CACHE=FOLDER, REPORTS=FOLDER, TMPDIR=FOLDER",
      cause,
    });
  }
}

function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
}

const draftName = /\.(\d+)-[0-9a-f]{8}\.draft$/;

/**
 * Replaces `path` in one step, also where another process writes it at the same time: a reader sees the old text or the new one, never a half, also
 * after a kill. Drafts of processes that are gone go from the folder, which is made where it is missing.
 */
export function writeInOneStep(path: string, text: string, { mode }: { readonly mode?: number } = {}): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  // One process writes the same file for several targets.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.draft`;
  try {
    writeFileSync(draft, text, mode === undefined ? {} : { mode });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw isFull(error) ? new DiskFull(path, error) : error;
  }
  removeDrafts(folder);
}

function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = draftName.exec(name) ?? [];
    if (pid !== undefined && identify(Number(pid)) === undefined) rmSync(join(folder, name), { force: true });
  }
}
