import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileNameOf } from "#harness/core/engines/file-name.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";

const limitBytes = 8 * 1024 * 1024;

/** Writes evidence into a folder, as much of it as 8 MiB hold. Resolves to the paths, relative to `reports`. */
export function writeEvidence(files: readonly EvidenceFile[], folder: string, reports: string): string[] {
  mkdirSync(folder, { recursive: true });
  let left = limitBytes;
  return files.flatMap(({ name, content }) => {
    if (content.length > left) return [];
    left -= content.length;
    const path = join(folder, name.replaceAll("/", "_"));
    writeFileSync(path, content);
    return [relative(reports, path)];
  });
}

/** The empty file by which a test takes a folder. */
const taken = ".taken";

/**
 * A folder that no other test of the run writes evidence into: `folder`, and `folder/2` of the second test that has any there, in whatever
 * process.
 */
export function takeFolder(folder: string): string {
  for (let count = 1; ; count++) {
    const own = count === 1 ? folder : join(folder, String(count));
    mkdirSync(own, { recursive: true });
    try {
      writeFileSync(join(own, taken), "", { flag: "wx" });
      return own;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** The folder of a target's evidence. */
export function evidenceFolder(reports: string, target: { driver: string; engine: string }): string {
  return join(reports, "evidence", fileNameOf(`${target.driver}@${target.engine}`));
}
