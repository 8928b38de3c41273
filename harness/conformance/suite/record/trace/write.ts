import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Trace } from "./schema.ts";

/** How many tests of a folder have left a trace in this process. */
const written = new Map<string, number>();

/**
 * Writes a trace into the folder of its requirement: `trace.json`, and `trace-2.json` of the second test that failed there. Returns the path,
 * relative to `reports`.
 */
export function writeTrace(trace: Trace, folder: string, reports: string): string {
  const count = (written.get(folder) ?? 0) + 1;
  written.set(folder, count);
  const path = join(folder, `trace${count === 1 ? "" : `-${count}`}.json`);
  writeFileSync(path, `${JSON.stringify(trace)}\n`);
  return relative(reports, path);
}
