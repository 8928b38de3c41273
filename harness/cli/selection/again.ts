import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runSelected } from "#harness/cli/vitest/run-selected.ts";
import { everything } from "#harness/conformance/run/selection.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { passOnUnlessGiven } from "#harness/core/settings/session.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { type Statement, statementSchema } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import { describeFindings } from "#reports/verify/describe.ts";
import { type Drawn, drawRequirements } from "#reports/verify/draw.ts";
import type { Finding } from "#reports/verify/finding.ts";
import { mergeByFile, settingsOf, testFileHere } from "./failed.ts";

/**
 * Runs some of the requirements that passed again, on the drivers and engines of the statement, in a reports folder of their own;
 * resolves to the exit code. Those of protocol suites are left out: their plugin is not known here.
 */
export async function runAgain(text: string, statement: Statement, count: number): Promise<number> {
  const drawn = drawRequirements(text, statement, count);
  if (drawn.length === 0) {
    console.log("again: nothing passed on a cluster that could be drawn");
    return 1;
  }
  console.log(`again: ${drawn.map(({ requirement, target }) => `${requirement} on ${target}`).join(", ")}`);
  passOnUnlessGiven(settingsOf(statement));
  const folder = makeScratchFolder();
  try {
    const settings = { ...readSettings(), REPORTS: folder };
    const only = mergeByFile(
      drawn.flatMap(({ target, requirement, files }) =>
        files.map((file) => ({ target, file: testFileHere(file), requirements: [requirement] })),
      ),
    );
    await runSelected({ settings, selection: { ...everything, only }, filters: [] });
    const again = statementSchema.parse(
      JSON.parse(readFileSync(join(folder, reportFiles.statement), "utf8")),
    );
    const findings = differences(drawn, again);
    const told =
      findings.length === 0
        ? ["again: all of them passed"]
        : ["again: rejected", ...describeFindings(findings)];
    console.log(told.join("\n"));
    return findings.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What did not pass again. */
export function differences(drawn: readonly Drawn[], { targets }: Statement): Finding[] {
  return drawn.flatMap(({ target, requirement }) => {
    const results = targets.find(({ name }) => name === target)?.results ?? [];
    const outcome = results.find((result) => result.requirement === requirement)?.outcome ?? "not run";
    const field = `targets.${target}.results.${requirement}.outcome`;
    return outcome === "passed"
      ? []
      : [{ field, what: `expected passed, as in the statement, got ${outcome} here` }];
  });
}
