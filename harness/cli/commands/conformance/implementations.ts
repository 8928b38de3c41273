import { join } from "node:path";
import { Argument } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { readCatalogues } from "#harness/cli/selection/report.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { badgeOf } from "#reports/implementations/badge.ts";
import { implementationsPage } from "#reports/implementations/page.ts";
import { readSubmissions } from "#reports/implementations/submission.ts";
import { describeFindings } from "#reports/verify/describe.ts";

interface PageOptions {
  readonly output: string;
  readonly signers?: string;
  readonly catalogues?: string;
}

/** A page of the implementations whose reports hold. */
export const command = newCommand("implementations")
  .description(
    "Verifies the reports in a folder, and writes a page of the implementations whose reports hold, with a badge for each.",
  )
  .addArgument(new Argument("<folder>", "reports: JSON files, or folders with a conformance.json"))
  .requiredOption("--output <folder>", "where index.html and badges/NAME.svg are written")
  .option("--signers <file>", "allowed signers, as ssh-keygen reads them: each report must be signed by one")
  .option("--catalogues <folder>", "catalogues of other versions, for reports that these have made")
  .addHelpText("after", "\nThe exit code is 1 where a report does not hold; the page tells why.")
  .action((folder: string, options: PageOptions) => runMain(() => write(folder, options)));

async function write(folder: string, { output, signers, catalogues }: PageOptions): Promise<number> {
  const submissions = await readSubmissions(folder, {
    ...(signers === undefined ? {} : { signers }),
    catalogues: readCatalogues(catalogues),
  });
  for (const { path, name, findings, statement } of submissions) {
    if (findings.length > 0) console.log([`rejected: ${path}`, ...describeFindings(findings, 5)].join("\n"));
    else if (statement) {
      writeInOneStep(join(output, "badges", `${name}.svg`), badgeOf(statement));
      console.log(`accepted: ${path}`);
    }
  }
  writeInOneStep(join(output, "index.html"), implementationsPage(submissions));
  console.log(join(output, "index.html"));
  return submissions.every(({ findings }) => findings.length === 0) ? 0 : 1;
}
