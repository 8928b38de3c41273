import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AllureConfig } from "allure";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { typed } from "#harness/core/typed.ts";
import { $ } from "#harness/host/local/zx.ts";
import { reportFiles } from "#reports/files.ts";
import { allureCategories } from "./labels.ts";

export interface AllureReportOptions {
  /** The reports folder, with the results of a run in it. */
  folder: string;
  /** One page that opens from the disk; otherwise a site to be served. */
  singleFile: boolean;
  name: string;
}

/**
 * Makes the Allure report of the last run and adds the run to the history; yields the path of its first page.
 * Works offline, and the page asks for nothing from the network. Throws `UsageError` when there are no results yet.
 */
export async function generateAllureReport({
  folder,
  singleFile,
  name,
}: AllureReportOptions): Promise<string> {
  const results = join(folder, reportFiles.allureResults);
  const found = existsSync(results)
    ? readdirSync(results).filter((file) => file.endsWith("-result.json"))
    : [];
  if (found.length === 0) {
    throw new UsageError(`there are no test results in ${results}`, {
      hint: `run the suite first: ${typed("conform")}, or npx vitest run suites/…`,
    });
  }
  const output = join(folder, reportFiles.allureReport);
  const historyPath = join(folder, reportFiles.allureHistory);
  const config: AllureConfig = {
    name,
    output,
    historyPath,
    appendHistory: !isKnown(
      historyPath,
      found.map((file) => join(results, file)),
    ),
    hideLabels: ["framework", "language", "host", "thread", "package"],
    categories: allureCategories.map((category) => ({
      name: category.name,
      matchers: { statuses: [category.status], labels: { outcome: category.outcome } },
      groupByMessage: true,
    })),
    plugins: {
      awesome: {
        options: {
          reportName: name,
          singleFile,
          reportLanguage: "en",
          groupBy: ["parentSuite", "suite"],
        },
      },
    },
  };
  const scratch = makeScratchFolder();
  try {
    const configPath = join(scratch, "allurerc.json");
    writeFileSync(configPath, JSON.stringify(config));
    rmSync(output, { recursive: true, force: true });
    const made = await $`${[process.execPath, allureCli(), "generate", "--config", configPath, results]}`;
    if (!made.ok) {
      throw new HarnessError(
        `allure could not make a report of ${results}\n${made.stderr || made.stdout || made.message}`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const page = join(output, "index.html");
  removeAnalytics(page);
  return page;
}

/** Whether the history already holds these results: a report made twice of one run counts once. */
function isKnown(historyPath: string, results: readonly string[]): boolean {
  const writtenAt = statSync(historyPath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return results.every((path) => statSync(path).mtimeMs < writtenAt);
}

function allureCli(): string {
  return fileURLToPath(new URL("../cli.js", import.meta.resolve("allure")));
}

/** Allure's page reports its use to an analytics service and offers no way to turn that off. */
function removeAnalytics(page: string): void {
  const html = readFileSync(page, "utf8");
  const offline = html
    .replace(/<script async src="https?:\/\/[^"]*gtag[^"]*"><\/script>/, "")
    .replace(/<script>\s*window\.dataLayer =[\s\S]*?<\/script>/, "");
  const outside = /<(?:script|link|img)\b[^>]*\b(?:src|href)="https?:\/\/[^"]*"/.exec(offline);
  if (outside) {
    throw new HarnessError(`the Allure page ${page} would load from the network: ${outside[0]}`, {
      hint: "reports/allure/report.ts takes such tags out; a new version of allure has one more",
    });
  }
  writeFileSync(page, offline);
}
