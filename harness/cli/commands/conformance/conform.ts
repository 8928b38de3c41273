import { Argument } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { argumentsOfGates, checkGates, gateOption } from "#harness/cli/selection/gates/gates.ts";
import {
  addSelectionOptions,
  argumentsOfOneRun,
  choose,
  type SelectionOptions,
} from "#harness/cli/selection/options.ts";
import { servePause } from "#harness/cli/selection/pause.ts";
import { standBy } from "#harness/cli/selection/standby.ts";
import {
  chaptersFor,
  checkCited,
  checkFilters,
  presentChapters,
  requirementsIn,
} from "#harness/cli/selection.ts";
import { chaptersOnDemand } from "#harness/conformance/run/projects.ts";
import type { Gate } from "#harness/conformance/run/selection.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { describeSettings, readSettings } from "#harness/core/settings/settings.ts";

/** The chapters against the drivers, from the set-up to the reports. */
export const command = addSelectionOptions(
  newCommand("conform")
    .description("Sets everything up, runs the chapters against the drivers, writes the reports, tears down.")
    .addArgument(
      completing(
        new Argument(
          "[filter...]",
          `chapters to run, e.g. suites/multihost; default: all but ${chaptersOnDemand.join(", ")}; with -t these too where they have its requirements`,
        ),
        () => presentChapters({ onDemand: true }),
      ),
    ),
)
  .option(
    "--budget",
    "exit code 1 where a chapter used more time of processors than its budget, or nobody could measure it",
  )
  .addOption(gateOption())
  .addHelpText(
    "after",
    `\nSettings (environment variables):\n${describeSettings()
      .map(
        ({ name, meaning, default: value }) => `  ${name.padEnd(10)} ${meaning}${value ? ` [${value}]` : ""}`,
      )
      .join("\n")}`,
  )
  .action((given: string[], options: ConformOptions) => runMain(() => conform(given, options)));

type ConformOptions = SelectionOptions & { readonly budget?: boolean; readonly gate?: readonly Gate[] };

async function conform(given: readonly string[], options: ConformOptions): Promise<number> {
  if (options.watched) await standBy();
  const chosen = choose(given, options);
  if ("nothing" in chosen) {
    console.log(chosen.nothing);
    return chosen.code;
  }
  checkFilters(projectRoot, chosen.filters);
  const requirements = options.requirement ? requirementsIn(options.requirement) : [];
  checkCited(projectRoot, chosen.filters, requirements);
  const settings = readSettings();
  const filters =
    chosen.filters.length > 0 || chosen.selection.only
      ? chosen.filters
      : chaptersFor(projectRoot, requirements, {
          usual: presentChapters(),
          among: [...presentChapters({ onDemand: true }), "cni"],
        });
  const gates = options.gate ?? [];
  if (!chosen.selection.only) checkGates(gates, filters, requirements);
  if (options.watch) {
    const { runWatching } = await import("#harness/cli/selection/watch.ts");
    const args = [
      ...argumentsOfOneRun(given, options),
      ...(options.budget ? ["--budget"] : []),
      ...argumentsOfGates(gates),
    ];
    return runWatching(options.watch, args, settings);
  }
  const pause = options.pause ? await servePause() : undefined;
  const selection = {
    ...chosen.selection,
    ...(pause ? { pause: pause.socket } : {}),
    ...(gates.length > 0 ? { gates } : {}),
  };
  // Takes as long as everything before it, which mistakes need not wait for.
  const { runSelected } = await import("#harness/cli/vitest/run-selected.ts");
  const ran = await runSelected({ ...chosen, selection, settings, filters }).finally(() => pause?.close());
  const code = options.budget ? ran || (await keepBudget(settings.REPORTS)) : ran;
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

/** Tells what in the statement of that folder is over its budget; resolves to 1 where something is, else to 0. */
async function keepBudget(folder: string): Promise<number> {
  const { overBudget } = await import("#reports/conformance/cost/budget.ts");
  const { readStatement } = await import("#reports/vitest-run.ts");
  const statement = readStatement(folder);
  const lines = statement
    ? overBudget(statement)
    : ["there is no statement, so nothing is known of a budget"];
  for (const line of lines) console.log(`over budget: ${line}`);
  return lines.length > 0 ? 1 : 0;
}
