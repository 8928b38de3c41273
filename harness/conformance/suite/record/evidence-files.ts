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

/** The folder of a target's evidence. */
export function evidenceFolder(reports: string, target: { driver: string; engine: string }): string {
  return join(reports, "evidence", fileNameOf(`${target.driver}@${target.engine}`));
}
