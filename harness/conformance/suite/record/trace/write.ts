import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Trace } from "./schema.ts";

/** Writes a trace into the folder of its test. Returns the path, relative to `reports`. */
export function writeTrace(trace: Trace, folder: string, reports: string): string {
  const path = join(folder, "trace.json");
  writeFileSync(path, `${JSON.stringify(trace)}\n`);
  return relative(reports, path);
}
