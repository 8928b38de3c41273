import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "#harness/core/text/json.ts";
import { statementSchema } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import { partEvidence } from "#reports/trace/link.ts";

/** The pages of the failures of a requirement in the run whose reports are in that folder; none where there is no such run. */
export function failuresInLastRun(requirement: string, folder: string): string[] {
  const path = join(folder, reportFiles.statement);
  if (!existsSync(path)) return [];
  const json = parseJson(readFileSync(path, "utf8"));
  const read = statementSchema.safeParse(json.ok ? json.value : undefined);
  return (read.data?.targets ?? [])
    .flatMap(({ results }) => results.filter((result) => result.requirement === requirement))
    .flatMap(({ evidence }) => partEvidence(evidence).page ?? [])
    .map((page) => join(folder, page))
    .filter((page) => existsSync(page));
}
