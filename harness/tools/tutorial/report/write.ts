import { basename, join } from "node:path";
import { fileNameOf } from "#harness/core/engines/file-name.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import type { Coverage } from "#harness/tools/tutorial/coverage.ts";
import type { TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { writeAllure } from "./allure.ts";
import { annotateDrift, driftBetween } from "./drift.ts";
import { formatJson } from "./json.ts";
import { annotate } from "./markdown.ts";
import { renderTutorial } from "./page/tutorial-page.ts";

/** Writes where the runs differ; resolves to the path of the page. */
export function writeDrift(runs: readonly TutorialRun[], folder: string): string | undefined {
  const [first] = runs;
  if (!first || runs.length < 2) return undefined;
  const name = nameOf(first);
  const path = join(folder, "tutorial", `${name}-drift.md`);
  writeInOneStep(path, annotateDrift(name, runs, driftBetween(runs)));
  return path;
}

function nameOf({ tutorial }: TutorialRun): string {
  return basename(tutorial.file).replace(/\.\w+$/, "");
}

/** Writes all reports of a run into the reports folder; resolves to their paths, the page first. */
export function writeReports(run: TutorialRun, coverage: Coverage | undefined, folder: string): string[] {
  const on = run.pluginsDiffer ? `${run.plugin}@${run.engine}` : run.engine;
  const start = join(folder, "tutorial", `${nameOf(run)}@${fileNameOf(on)}`);
  const files: Record<string, string> = {
    [`${start}.html`]: renderTutorial(run, coverage),
    [`${start}.md`]: annotate(run),
    [`${start}.json`]: formatJson(run, coverage),
  };
  for (const [path, text] of Object.entries(files)) writeInOneStep(path, text);
  writeAllure(run, folder);
  return Object.keys(files);
}
