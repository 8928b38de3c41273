import { writeFileSync } from "node:fs";
import { Argument, InvalidArgumentError } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { readCatalogues, readReport } from "#harness/cli/selection/report.ts";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { badgeOf } from "#reports/implementations/badge.ts";
import { describeFindings, describeStatement } from "#reports/verify/describe.ts";
import { checkSignature } from "#reports/verify/signature.ts";
import { verifyStatement } from "#reports/verify/verify.ts";
import { catalogue } from "#suites/requirements/catalogue.ts";

interface VerifyOptions {
  readonly signers?: string;
  readonly catalogues?: string;
  readonly again?: number;
  readonly badge?: string;
  readonly writeCatalogue?: string;
}

/** Whether a statement holds. */
export const command = newCommand("verify")
  .description(
    "Checks a statement of somebody else, offline: form, completeness against its catalogue, arithmetic, digests, signature. What is wrong is told with its field.",
  )
  .addArgument(new Argument("[report]", "a conformance.json, or a folder of reports"))
  .option(
    "--signers <file>",
    "allowed signers, as ssh-keygen reads them: a signature of one of them must be there",
  )
  .option("--catalogues <folder>", "catalogues of other versions, for statements that these have made")
  .option(
    "--again <count>",
    "run so many of the requirements that passed again, drawn by the hash of the statement: they must pass here too",
    wholeCount,
  )
  .option("--badge <file>", "write a badge (SVG) of the statement, if it holds")
  .option("--write-catalogue <file>", "write the catalogue of this version, for --catalogues of another")
  .addHelpText("after", "\nThe exit code is 0 where the statement holds, 1 where it does not.")
  .action((report: string | undefined, options: VerifyOptions) => runMain(() => verify(report, options)));

async function verify(given: string | undefined, options: VerifyOptions): Promise<number> {
  const { writeCatalogue: file } = options;
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(catalogue, null, 2)}\n`);
  if (given === undefined) {
    if (file === undefined) throw new UsageError("expected a statement to verify, got none");
    return 0;
  }
  const { path, text, folder } = readReport(given);
  const catalogues = readCatalogues(options.catalogues);
  const { statement, findings, notes } = verifyStatement(text, { folder, catalogues });
  const signed = await checkSignature(path, options.signers);
  const all = [...findings, ...signed.findings];
  const told = [
    ...(statement ? describeStatement(statement) : []),
    `signed ${signed.by ?? "by nobody"}`,
    ...notes.map((note) => `note   ${note}`),
  ];
  console.log(told.join("\n"));
  if (all.length > 0 || !statement) {
    console.log([`\nrejected: ${path}`, ...describeFindings(all)].join("\n"));
    return 1;
  }
  console.log(`\naccepted: ${path}`);
  if (options.badge !== undefined) writeInOneStep(options.badge, badgeOf(statement));
  if (options.again === undefined) return 0;
  const { runAgain } = await import("#harness/cli/selection/again.ts");
  return runAgain(text, statement, options.again);
}

function wholeCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new InvalidArgumentError("expected a whole number from 1 to 100");
}
