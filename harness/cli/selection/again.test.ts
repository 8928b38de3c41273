import { expect, test } from "vitest";
import { reportRecord, reportTest } from "#harness/testing/support/examples/report.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { drawRequirements } from "#reports/verify/draw.ts";
import { differences } from "./again.ts";
import { mergeByFile } from "./failed.ts";

const claimed = buildStatement(reportRecord([reportTest("M1", "passed"), reportTest("M4", "passed")]));
const drawn = drawRequirements("text", claimed, 5);

test("what passes again differs in nothing", () => {
  expect(drawn).toHaveLength(2);
  expect(differences(drawn, claimed)).toEqual([]);
});

test("what fails here, and what does not run here, is told with its field", () => {
  const here = buildStatement(reportRecord([reportTest("M4", "failed")]));
  expect(
    differences(drawn, here)
      .map(({ field, what }) => `${field} ${what}`)
      .sort(),
  ).toEqual([
    "targets.mine@26.1.results.M1.outcome expected passed, as in the statement, got not run here",
    "targets.mine@26.1.results.M4.outcome expected passed, as in the statement, got failed here",
  ]);
});

test("requirements of one file run together, which a run knows once", () => {
  const tests = (requirement: "M1" | "M4") => ({
    ...{ target: "mine@26.1", file: "suites/multihost/reach.test.ts" },
    requirements: [requirement],
  });
  expect(mergeByFile([tests("M1"), tests("M4")])).toEqual([{ ...tests("M1"), requirements: ["M1", "M4"] }]);
});
