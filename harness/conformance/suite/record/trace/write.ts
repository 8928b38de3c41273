import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Trace } from "./schema.ts";

/** The file of a trace, in the folder of its test. */
export const traceFile = "trace.json";

/** Writes a trace into the folder of its test. Returns the path, relative to `reports`. */
export function writeTrace(trace: Trace, folder: string, reports: string): string {
  const path = join(folder, traceFile);
  writeFileSync(path, `${JSON.stringify(trace)}\n`);
  return relative(reports, path);
}
