import { newCommand, runMain } from "#harness/cli/run.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { generateAllureReport } from "#reports/allure/report.ts";

/** The Allure report of the last run. */
export const command = newCommand("report")
  .description(
    "Makes the Allure report of the last run: a static page, offline, with the history of earlier runs.",
  )
  .option("--name <name>", "title of the report", "Container network conformance")
  .option(
    "--no-single-file",
    "write a site of many files, to be served, instead of one page that opens from the disk",
  )
  .addHelpText("after", "\nThe results are read from the folder that REPORTS names (default reports/output).")
  .action((options: ReportOptions) => runMain(() => report(options)));

interface ReportOptions {
  name: string;
  singleFile: boolean;
}

async function report(options: ReportOptions): Promise<number> {
  const { REPORTS: folder } = readSettings();
  console.log("Making the Allure report …");
  const startedAt = performance.now();
  const page = await generateAllureReport({ folder, ...options }).catch((error: Error) => {
    // Without its stack: what goes wrong here is that there are no results, or Allure's own.
    throw error instanceof HarnessError ? error : new HarnessError(error.message, { cause: error });
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Done in ${seconds} s. Open it in a browser:\n  ${page}`);
  return 0;
}
