import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { HarnessError } from "#harness/core/errors.ts";
import type { BenchmarkRow } from "./benchmark.ts";
import { addToHistory, historyTable, newestTable, readBenchHistory, slowDowns } from "./history.ts";

const row: BenchmarkRow = { what: "start, median of 5", value: 2, unit: "s" };
const against = (value: number, plain: number): BenchmarkRow => ({
  ...{ what: "chapters", value, unit: "s", baseline: { what: "a script", value: plain } },
});

function history() {
  const folder = mkdtempSync(join(tmpdir(), "netconform-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "benchmarks.json");
  const add = (at: string, rows: BenchmarkRow[], cores = 2) =>
    addToHistory(path, [{ benchmark: { name: "x", title: "X" }, load: 1.25, rows }], {
      ...{ at, cores, facts: [`${cores} cores`, "Node.js"] },
    });
  return { path, add };
}

test("there is no history before the first run", () => {
  expect(readBenchHistory(history().path)).toEqual([]);
});

test("the newest figures and the runs before them, with the load beside each", () => {
  const { path, add } = history();
  add("2026-01-01", [row]);
  add("2026-01-02", [{ ...row, value: 2.1, what: "start, median of 7", limit: "loading" }]);
  const runs = readBenchHistory(path);
  const newest = newestTable(runs);
  expect(newest).toContain("**X**, 2026-01-02, load 1.3");
  expect(newest).toMatch(/\| start, median of 7 +\| 2\.1 s .*\| loading \|/);
  expect(newest).toContain("- 2026-01-02: 2 cores, Node.js");
  expect(historyTable(runs)).toContain("| 2026-01-01 2.0 s (load 1.3), 2026-01-02 2.1 s (load 1.3) |");
  expect(slowDowns(runs)).toEqual([]);
});

test("a figure far above the median of before is a slow-down, on a machine of that size alone", () => {
  const { path, add } = history();
  add("2026-01-01", [row]);
  add("2026-01-02", [{ ...row, value: 3 }]);
  expect(slowDowns(readBenchHistory(path))).toEqual(["start, median of 5: 1.50 × the median of 1 before"]);
  expect(historyTable(readBenchHistory(path))).toContain("1.50 ×");
  add("2026-01-03", [{ ...row, value: 9 }], 4);
  expect(slowDowns(readBenchHistory(path))).toEqual([]);
});

test("with a baseline the ratio counts: a slow machine is none", () => {
  const { path, add } = history();
  add("2026-01-01", [against(20, 20)]);
  add("2026-01-02", [against(40, 40)]);
  expect(slowDowns(readBenchHistory(path))).toEqual([]);
  add("2026-01-03", [against(30, 20)]);
  expect(slowDowns(readBenchHistory(path))).toEqual(["chapters: 1.50 × the median of 2 before"]);
});

test("what could not be measured is not in the history, and a file that does not fit is told", () => {
  const { path } = history();
  addToHistory(path, [{ benchmark: { name: "x", title: "X" }, rows: [], error: "no docker" }], {
    ...{ at: "2026-01-01", cores: 2, facts: [] },
  });
  expect(readBenchHistory(path)[0]?.benchmarks).toEqual([]);
  writeFileSync(path, "{}");
  expect(() => readBenchHistory(path)).toThrow(HarnessError);
});
