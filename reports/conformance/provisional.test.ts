import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { reportRecord, reportTest } from "#harness/testing/support/examples/report.ts";
import { sealStatement } from "#reports/seal/seal.ts";
import { describeCatalogue, type Requirements } from "#reports/seal/suite.ts";
import { verifyStatement } from "#reports/verify/verify.ts";
import { catalogue } from "#suites/requirements/catalogue.ts";
import { formatJUnit } from "./junit.ts";
import { isGreen, shownBy } from "./outcome/green.ts";
import type { Statement } from "./schema.ts";
import { buildStatement } from "./statement.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-provisional-"));
afterAll(() => rmSync(folder, { recursive: true }));

const requirements: Requirements = { ...catalogue, M4: { ...catalogue.M4, provisional: true } };
const told = [
  ...(["M1", "M5"] as const).map((id) => reportTest(id, "passed")),
  reportTest("M4", "failed", { reason: "c-1 to c-2: no answer" }),
];

function statement(): Statement {
  const record = reportRecord(told, { catalogue: describeCatalogue("0.2.0", requirements) });
  return sealStatement(buildStatement(record, requirements), folder);
}

const resultIn = ({ targets }: Statement) =>
  targets[0]?.results.find(({ requirement }) => requirement === "M4") ?? expect.fail("M4 is not listed");

test("what is provisional is told, and is no verdict", () => {
  const whole = statement();
  expect(resultIn(whole)).toMatchObject({ outcome: "failed", provisional: true });
  expect(resultIn(whole).notes).toContain(
    "provisional: what was found is reported and decides nothing; here it failed",
  );
  expect(whole.summary.failed).toBe(0);
  expect(isGreen(whole)).toBe(true);
  const profile = whole.targets[0]?.profiles.find((one) => one.profile === resultIn(whole).profile);
  expect(profile?.must).toMatchObject({ failed: 0 });
  expect(profile?.verdict).not.toBe("not conformant");
  expect(isGreen(buildStatement(reportRecord(told)))).toBe(false);
});

test("a run of what is provisional alone shows something where that passed, and is red where it did not", () => {
  const alone = (outcome: "passed" | "failed" | "blocked") =>
    buildStatement(
      reportRecord([reportTest("M4", outcome, outcome === "passed" ? {} : { reason: "no answer" })], {
        catalogue: describeCatalogue("0.2.0", requirements),
      }),
      requirements,
    );
  expect(shownBy(alone("passed"))).toBe("provisional");
  expect(isGreen(alone("passed"))).toBe(true);
  for (const outcome of ["failed", "blocked"] as const) {
    expect(shownBy(alone(outcome))).toBe("nothing");
    expect(isGreen(alone(outcome))).toBe(false);
  }
});

test("what passed hides nothing that failed where all of it is provisional", () => {
  const both: Requirements = { ...requirements, M1: { ...catalogue.M1, provisional: true } };
  const beside = (outcome: "failed" | "error" | "blocked") =>
    buildStatement(
      reportRecord([reportTest("M1", "passed"), reportTest("M4", outcome, { reason: "no answer" })], {
        catalogue: describeCatalogue("0.2.0", both),
      }),
      both,
    );
  for (const outcome of ["failed", "error"] as const) {
    expect(shownBy(beside(outcome))).toBe("in part");
    expect(isGreen(beside(outcome))).toBe(false);
  }
  expect(isGreen(beside("blocked"))).toBe(true);
});

test("JUnit has it as skipped, with its reason", () => {
  expect(formatJUnit(statement())).toContain('<skipped message="provisional, failed: c-1 to c-2: no answer"');
});

test("a statement may say so of no other requirement, and may not leave it out", () => {
  const verified = (change: (whole: Statement) => void) => {
    const whole = structuredClone(statement());
    change(whole);
    return verifyStatement(JSON.stringify(whole), { folder, catalogues: [requirements] }).findings.map(
      ({ field }) => field,
    );
  };
  expect(verified(() => {})).toEqual([]);
  const field = "targets.mine@26.1.results";
  expect(verified((whole) => delete resultIn(whole).provisional)).toContain(`${field}.M4.provisional`);
  const other = ({ targets }: Statement) =>
    targets[0]?.results.find(({ requirement }) => requirement === "M5");
  expect(verified((whole) => void Object.assign(other(whole) ?? {}, { provisional: true }))).toContain(
    `${field}.M5.provisional`,
  );
});
