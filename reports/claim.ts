import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { isAlive, ownIdentity } from "#harness/core/process/process.ts";

const fileName = "run.lock";

/**
 * Claims a reports folder for this process until it ends; what a dead process claimed is taken over.
 * Throws `UsageError` when another run is writing to it.
 */
export async function claimFolder(folder: string): Promise<void> {
  const path = join(folder, fileName);
  await withLock(path, async () => {
    const holder = readHolder(path);
    if (holder === ownIdentity()) return;
    if (holder && isAlive(holder)) {
      throw new UsageError(`another run (pid ${holder.split(":")[0]}) is writing to ${folder}`, {
        hint: "wait for it to end, or set REPORTS=… to another folder",
      });
    }
    writeInOneStep(path, ownIdentity());
    process.once("exit", () => rmSync(path, { force: true }));
  });
}

function readHolder(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
