import { Argument } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain, runVitest } from "#harness/cli/run.ts";
import { checkFilters, patternOf, presentChapters, requirementOption } from "#harness/cli/selection.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { describeSettings, readSettings } from "#harness/core/settings/settings.ts";
import { generateAllureReport } from "#reports/allure/report.ts";

/** The chapters against the drivers, from the set-up to the reports. */
export const command = newCommand("npm run conform --")
  .description("Sets everything up, runs the chapters against the drivers, writes the reports, tears down.")
  .addArgument(
    completing(
      new Argument("[filter...]", "chapters to run, e.g. suites/multihost; default: all"),
      presentChapters,
    ),
  )
  .addOption(requirementOption())
  .addHelpText(
    "after",
    `\nSettings (environment variables):\n${describeSettings()
      .map(
        ({ name, meaning, default: value }) => `  ${name.padEnd(10)} ${meaning}${value ? ` [${value}]` : ""}`,
      )
      .join("\n")}`,
  )
  .action((given: string[], options: { requirement?: string }) => runMain(() => conform(given, options)));

async function conform(given: readonly string[], { requirement }: { requirement?: string }): Promise<number> {
  const settings = readSettings();
  const filters = given.length > 0 ? given : presentChapters().map((chapter) => `suites/${chapter}/`);
  checkFilters(projectRoot, filters);
  const title = requirement ? ["--testNamePattern", patternOf(requirement)] : [];
  const code = await runVitest(["run", "--project", "*@*", ...title, ...filters]);
  // Nothing ran, or not to the end.
  if (code === 2 || code >= 128) return code;
  const page = await generateAllureReport({
    folder: settings.REPORTS,
    singleFile: true,
    name: "Container network conformance",
  }).catch((error: Error) => error.message);
  console.log(`Allure report: ${page}`);
  return code;
}
