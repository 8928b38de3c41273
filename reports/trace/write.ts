import { readFileSync } from "node:fs";
import { join } from "node:path";
import { traceSchema } from "#harness/conformance/suite/record/trace/schema.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { pageOf } from "./link.ts";
import { renderTrace } from "./trace-page.ts";

/** Makes the page of a trace, beside it; `trace` is its path, relative to the folder of the reports. Throws where it cannot be read. */
export function writeTracePage(folder: string, trace: string): void {
  const read = traceSchema.parse(JSON.parse(readFileSync(join(folder, trace), "utf8")));
  writeInOneStep(join(folder, pageOf(trace)), renderTrace(read, trace));
}
