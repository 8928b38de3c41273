import { Command } from "commander";
import { UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { generateAllureReport } from "#reports/allure/report.ts";

const command = new Command("npm run report --")
  .description(
    "Makes the Allure report of the last run: a static page, offline, with the history of earlier runs.",
  )
  .option("--name <name>", "title of the report", "Container network conformance")
  .option(
    "--no-single-file",
    "write a site of many files, to be served, instead of one page that opens from the disk",
  )
  .addHelpText(
    "after",
    "\nThe results are read from the folder that REPORTS names (default reports/output).",
  );

command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
const options = command.parse().opts<{ name: string; singleFile: boolean }>();

try {
  console.log("Making the Allure report …");
  const startedAt = performance.now();
  const page = await generateAllureReport({ folder: readSettings().REPORTS, ...options });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Done in ${seconds} s. Open it in a browser:\n  ${page}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
