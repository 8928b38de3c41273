import { Argument } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { readReport } from "#harness/cli/selection/report.ts";
import { describeFindings } from "#reports/verify/describe.ts";
import { sign } from "#reports/verify/signature.ts";
import { verifyStatement } from "#reports/verify/verify.ts";

/** A signature beside a statement. */
export const command = newCommand("sign")
  .description(
    "Signs a statement with an SSH key, by ssh-keygen: the signature lies beside it. A statement that does not hold is not signed.",
  )
  .addArgument(new Argument("<report>", "a conformance.json, or a folder of reports"))
  .requiredOption("--key <file>", "private SSH key, or a public one whose private half is in the SSH agent")
  .action((report: string, { key }: { key: string }) => runMain(() => signReport(report, key)));

async function signReport(given: string, key: string): Promise<number> {
  const { path, text, folder } = readReport(given);
  const { findings } = verifyStatement(text, { folder });
  if (findings.length > 0) {
    console.log([`not signed: ${path} does not hold`, ...describeFindings(findings)].join("\n"));
    return 1;
  }
  console.log(`signed: ${await sign(path, key)}`);
  return 0;
}
