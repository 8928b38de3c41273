import { basename, join } from "node:path";
import type { Coverage } from "#harness/tools/tutorial/coverage.ts";
import type { TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { writeAtomically } from "#reports/files.ts";
import { writeAllure } from "./allure.ts";
import { formatJson } from "./json.ts";
import { annotate } from "./markdown.ts";
import { renderTutorial } from "./page/tutorial-page.ts";

/** Writes all reports of a run into the reports folder; resolves to their paths, the page first. */
export function writeReports(run: TutorialRun, coverage: Coverage | undefined, folder: string): string[] {
  const name = basename(run.tutorial.file).replace(/\.\w+$/, "");
  const start = join(folder, "tutorial", `${name}@${run.engine}`);
  const files: Record<string, string> = {
    [`${start}.html`]: renderTutorial(run, coverage),
    [`${start}.md`]: annotate(run),
    [`${start}.json`]: formatJson(run, coverage),
  };
  for (const [path, text] of Object.entries(files)) writeAtomically(path, text);
  writeAllure(run, folder);
  return Object.keys(files);
}
