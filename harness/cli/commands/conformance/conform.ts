import { Argument } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import {
  addSelectionOptions,
  argumentsOfOneRun,
  choose,
  type SelectionOptions,
} from "#harness/cli/selection/options.ts";
import { servePause } from "#harness/cli/selection/pause.ts";
import { standBy } from "#harness/cli/selection/standby.ts";
import { checkCited, checkFilters, presentChapters, requirementsIn } from "#harness/cli/selection.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { describeSettings, readSettings } from "#harness/core/settings/settings.ts";

/** The chapters against the drivers, from the set-up to the reports. */
export const command = addSelectionOptions(
  newCommand("conform")
    .description("Sets everything up, runs the chapters against the drivers, writes the reports, tears down.")
    .addArgument(
      completing(
        new Argument("[filter...]", "chapters to run, e.g. suites/multihost; default: all"),
        presentChapters,
      ),
    ),
)
  .addHelpText(
    "after",
    `\nSettings (environment variables):\n${describeSettings()
      .map(
        ({ name, meaning, default: value }) => `  ${name.padEnd(10)} ${meaning}${value ? ` [${value}]` : ""}`,
      )
      .join("\n")}`,
  )
  .action((given: string[], options: SelectionOptions) => runMain(() => conform(given, options)));

async function conform(given: readonly string[], options: SelectionOptions): Promise<number> {
  if (options.watched) await standBy();
  const chosen = choose(given, options);
  if ("nothing" in chosen) {
    console.log(chosen.nothing);
    return chosen.code;
  }
  checkFilters(projectRoot, chosen.filters);
  if (options.requirement) checkCited(projectRoot, chosen.filters, requirementsIn(options.requirement));
  const settings = readSettings();
  const filters =
    chosen.filters.length > 0 ? chosen.filters : presentChapters().map((chapter) => `suites/${chapter}/`);
  if (options.watch) {
    const { runWatching } = await import("#harness/cli/selection/watch.ts");
    return runWatching(options.watch, argumentsOfOneRun(given, options), settings);
  }
  const pause = options.pause ? await servePause() : undefined;
  const selection = { ...chosen.selection, ...(pause ? { pause: pause.socket } : {}) };
  // Takes as long as everything before it, which mistakes need not wait for.
  const { runSelected } = await import("#harness/cli/vitest/run-selected.ts");
  const code = await runSelected({ ...chosen, selection, settings, filters }).finally(() => pause?.close());
  if (options.watched) return code;
  const { generateAllureReport } = await import("#reports/allure/report.ts");
  const page = await generateAllureReport({
    folder: settings.REPORTS,
    singleFile: true,
    name: "Container network conformance",
  }).catch((error: Error) => error.message);
  console.log(`Allure report: ${page}`);
  return code;
}
