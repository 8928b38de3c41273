import { expect, test } from "vitest";
import { everyTest, reportRecord, reportTest } from "#harness/testing/support/examples/report.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { drawRequirements } from "./draw.ts";

const statement = buildStatement(reportRecord(everyTest("passed")));
const draw = (text: string, count = 5) => drawRequirements(text, statement, count);

test("everybody draws the same requirements of a statement, and others of another", () => {
  expect(draw("one")).toHaveLength(5);
  expect(draw("one")).toEqual(draw("one"));
  expect(draw("one")).not.toEqual(draw("other"));
  expect(draw("one", 7).slice(0, 5)).toEqual(draw("one"));
});

test("what is drawn passed, and shows something by itself", () => {
  const some = buildStatement(
    reportRecord([reportTest("M4", "passed"), reportTest("M1", "failed"), reportTest("C1", "passed")]),
  );
  expect(drawRequirements("text", some, 5)).toEqual([
    { target: "mine@26.1", requirement: "M4", files: ["suites/multihost/multihost.test.ts"] },
  ]);
});

test("of many statements each requirement is drawn at some time", () => {
  const drawn = new Set(
    Array.from({ length: 400 }, (_, index) => draw(`text ${index}`)).flatMap((each) =>
      each.map(({ requirement }) => requirement),
    ),
  );
  const passed = statement.targets.flatMap(({ results }) => results).length;
  expect(drawn.size).toBe(passed - ["S5", "C1", "R1"].length);
});
