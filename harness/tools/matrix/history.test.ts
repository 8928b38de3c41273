import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import type { PastRun } from "#reports/matrix/schema.ts";
import { pastRunOf, readHistory, reviewHistory, writeHistory } from "./history.ts";
import { pastViewOf } from "./view.ts";

function makeFile(text?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "netconform-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "history.jsonl");
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

const night = (day: number, outcome: "passed" | "failed"): PastRun =>
  pastRunOf(
    exampleMatrix(
      [
        exampleCell("overlay@26.1", {
          M3: { outcome: "passed", facts: { first: "10.1.2.2" } },
          M4: outcome === "passed" ? { outcome } : { outcome, reason: "no answer" },
          V3: { outcome: "unsupported", reason: "undeclared" },
        }),
      ],
      { at: `2026-11-${String(day).padStart(2, "0")}T02:00:00.000Z` },
    ),
  );

test("a history that is not there is empty, and what was written is read back", () => {
  const path = makeFile();
  expect(readHistory(path)).toEqual([]);
  const run = night(1, "failed");
  writeHistory(path, [], run, 10);
  expect(readHistory(path)).toEqual([run]);
  expect(pastViewOf(run.cells["overlay@26.1"] as PastRun["cells"][string])).toEqual({
    outcomes: { M3: "passed", M4: "failed", V3: "unsupported" },
    reasons: { M4: "no answer", V3: "undeclared" },
    facts: { M3: { first: "10.1.2.2" } },
  });
});

test.for([
  ["half a line", '{"version":1,"id":', /history\.jsonl:2: expected a run .* got "\{\\"version/],
  ["another form", '{"version":7}', /history\.jsonl:2: .*does not fit[\s\S]*version/],
  ["no text", "\u0000\u0001\u0002", /history\.jsonl:2: /],
])("%s in the history is an error that names file and line", ([, line, message]) => {
  const path = makeFile(`${JSON.stringify(night(1, "passed"))}\n${line}\n`);
  expect(() => readHistory(path)).toThrow(UsageError);
  expect(() => readHistory(path)).toThrow(message as RegExp);
});

test("a folder in the history's place is an error that names it", () => {
  expect(() => readHistory(tmpdir())).toThrow(/cannot be read/);
});

test("the history is bounded, and keeps details only of the newest and of the last green run", () => {
  const path = makeFile();
  let runs: PastRun[] = [];
  const outcomes = ["passed", "passed", "failed", "failed", "failed"] as const;
  for (const [index, outcome] of outcomes.entries())
    runs = writeHistory(path, runs, night(index + 1, outcome), 4);
  expect(readHistory(path)).toEqual(runs);
  expect(runs.map(({ at }) => at.slice(8, 10))).toEqual(["02", "03", "04", "05"]);
  expect(runs.map(({ cells }) => cells["overlay@26.1"]?.facts !== undefined)).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test("a run that is told twice stands in the history once", () => {
  const path = makeFile();
  const run = night(1, "passed");
  expect(writeHistory(path, writeHistory(path, [], run, 4), run, 4)).toEqual([run]);
});

test("what changes its verdict again and again is flaky, what breaks once is not", () => {
  const outcomes = ["passed", "failed", "passed", "failed"] as const;
  const { nights, flaky } = reviewHistory(outcomes.map((outcome, index) => night(index + 1, outcome)));
  expect(nights.map(({ passRate }) => passRate)).toEqual([1, 0.5, 1, 0.5]);
  expect(nights.map(({ flipRate }) => flipRate)).toEqual([undefined, 0.5, 0.5, 0.5]);
  expect(flaky).toEqual([{ cell: "overlay@26.1", requirement: "M4", flips: 3, runs: 4 }]);
  expect(reviewHistory([night(1, "passed"), night(2, "failed"), night(3, "failed")]).flaky).toEqual([]);
});
