import { Command } from "commander";
import { describeSettings, readSettings } from "#harness/config/settings.ts";
import { generateAllureReport } from "#reports/allure-report.ts";
import { chapters } from "#harness/conformance/projects.ts";
import { runMain, runVitest } from "./run.ts";

const command = new Command("npm run conform --")
  .description("Sets everything up, runs the chapters against the drivers, writes the reports, tears down.")
  .argument("[filter...]", "chapters to run, e.g. suites/multihost; default: all")
  .option("-t, --requirement <pattern>", "only tests whose title matches, e.g. M4")
  .addHelpText(
    "after",
    `\nSettings (environment variables):\n${describeSettings()
      .map(({ name, meaning, default: value }) => `  ${name.padEnd(10)} ${meaning}${value ? ` [${value}]` : ""}`)
      .join("\n")}`,
  )
  .parse();

await runMain(async () => {
  const settings = readSettings();
  const { requirement } = command.opts<{ requirement?: string }>();
  const filters = command.args.length > 0 ? command.args : chapters.map((chapter) => `suites/${chapter}/`);
  const title = requirement ? ["--testNamePattern", requirement] : [];
  const code = await runVitest(["run", "--project", "*@*", ...title, ...filters]);
  const page = await generateAllureReport({
    folder: settings.REPORTS,
    singleFile: true,
    name: "Container network conformance",
  }).catch((error: Error) => error.message);
  console.log(`Allure report: ${page}`);
  return code;
});
