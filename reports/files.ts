import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeInOneStep } from "#harness/core/process/draft.ts";

/** Where each report lies in the reports folder. */
export const reportFiles = {
  statement: "conformance.json",
  junit: "junit.xml",
  allureResults: "allure-results",
  allureReport: "allure-report",
  allureHistory: "allure-history.jsonl",
  evidence: "evidence",
} as const;

/**
 * Removes what an earlier run left in the reports folder: statement, JUnit, Allure results, evidence.
 * What is newer than `before` (epoch ms) belongs to this run and stays, as do the Allure report and its history.
 */
export function removeStaleReports(folder: string, before: number): void {
  const { statement, junit, allureResults, evidence } = reportFiles;
  const inside = [allureResults, evidence].flatMap((name) => entriesOf(join(folder, name)));
  for (const path of [join(folder, statement), join(folder, junit), ...inside]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && found.mtimeMs < before) rmSync(path, { recursive: true, force: true });
  }
}

/** Remembers the verdict of an earlier run. What is returned puts it back, and says whether there was one. */
export function rememberVerdict(folder: string): () => boolean {
  const paths = [reportFiles.statement, reportFiles.junit].map((name) => join(folder, name));
  const kept = paths
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
  return () => {
    for (const { path, text } of kept) writeInOneStep(path, text);
    return kept.length > 0;
  };
}

/** Whether a folder holds nothing, or does not exist. */
export function isEmpty(folder: string): boolean {
  return entriesOf(folder).length === 0;
}

function entriesOf(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder).map((name) => join(folder, name));
}
