import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSettings } from "#harness/core/settings/settings.ts";
import { exampleCell, exampleMatrix, writeTranscript } from "#harness/testing/support/examples/matrix.ts";
import type { Cell } from "#reports/matrix/schema.ts";
import { writeMatrix } from "#reports/matrix/write.ts";
import { reviewHistory } from "./history.ts";
import { countMatrix } from "./matrix-run.ts";
import { mergeMatrices } from "./merge.ts";
import { planCells } from "./plan/plan.ts";

const base = mkdtempSync(join(tmpdir(), "netconform-merge-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

function write(cells: Cell[], shard?: string): string {
  const folder = join(base, `part${++count}`);
  const matrix = exampleMatrix(cells, { clusters: 1 });
  if (shard) matrix.run.shard = shard;
  for (const { name } of cells) writeTranscript(folder, name, [{ argv: ["true"], code: 0, stdout: "" }]);
  writeMatrix(matrix, folder, { counts: countMatrix(matrix), review: reviewHistory([]) });
  return folder;
}

test("cells of several machines stand side by side, with their evidence", () => {
  const parts = [
    write([exampleCell("overlay@20.10", { M4: { outcome: "passed" } }, { durationMs: 90_000 })]),
    write([exampleCell("overlay@26.1", { M4: { outcome: "failed", reason: "no answer" } })]),
  ];
  const into = join(base, "merged");
  const merged = mergeMatrices(parts, into);
  expect(merged.cells.map(({ name }) => name)).toEqual(["overlay@20.10", "overlay@26.1"]);
  expect(countMatrix(merged)).toEqual({ passed: 1, failed: 1, known: 0 });
  expect(merged.speed).toMatchObject({ wallMs: 90_000, clusters: 2, engines: 2 });
  for (const { folder } of merged.cells) {
    expect(readFileSync(join(into, folder, "evidence/transcript.jsonl"), "utf8")).toContain("true");
  }
});

test("shards of one cell become one cell: the worse outcome counts, and what one did not run the other shows", () => {
  const notRun = { outcome: "not run" } as const;
  const parts = [
    write([
      exampleCell("overlay@26.1", {
        M3: { outcome: "passed", test: "in one chapter", facts: { first: 1 } },
        M4: notRun,
        B1: { outcome: "passed" },
      }),
    ]),
    write([
      exampleCell("overlay@26.1", {
        M3: { outcome: "failed", reason: "twice the same", test: "in another" },
        M4: { outcome: "passed" },
        B1: notRun,
      }),
    ]),
  ];
  const { cells, summary } = mergeMatrices(parts, join(base, "shards"));
  const results = Object.fromEntries(cells[0]?.target?.results.map((one) => [one.requirement, one]) ?? []);
  expect(cells).toHaveLength(1);
  expect(results.M3).toMatchObject({ outcome: "failed", reason: "twice the same", facts: { first: 1 } });
  expect(results.M3?.tests).toHaveLength(2);
  expect([results.M4?.outcome, results.B1?.outcome]).toEqual(["passed", "passed"]);
  expect(summary).toMatchObject({ passed: 2, failed: 1, notRun: 0 });
  expect(cells[0]?.target?.profiles.map(({ verdict }) => verdict)).toContain("not conformant");
});

test("a part that did not end keeps the whole from being green", () => {
  const parts = [
    write([exampleCell("overlay@26.1", { M3: { outcome: "passed" } })]),
    write([
      exampleCell("overlay@26.1", { M4: { outcome: "passed" } }, { state: "incomplete", because: "killed" }),
    ]),
  ];
  const merged = mergeMatrices(parts, join(base, "cut"));
  expect(merged.cells[0]).toMatchObject({ state: "incomplete", because: "killed" });
  expect(countMatrix(merged)).toEqual({ passed: 2, failed: 1, known: 0 });
});

test("the same tests twice are a mistake, and a folder without a matrix too", () => {
  const part = write([exampleCell("overlay@26.1", { M3: { outcome: "passed" } })]);
  const again = write([exampleCell("overlay@26.1", { M3: { outcome: "passed" } })]);
  expect(() => mergeMatrices([part, again], join(base, "twice"))).toThrow(/each test once, got "M3 /);
  expect(() => mergeMatrices([base], join(base, "none"))).toThrow(
    /matrix\.json: expected the report of a matrix/,
  );
  expect(existsSync(join(base, "none/matrix.json"))).toBe(false);
});

test("a shard or a cell that nobody brought is not green", async () => {
  const part = write([exampleCell("overlay@26.1", { M3: { outcome: "passed" } })], "1/3");
  const other = write([exampleCell("overlay@26.1", { M4: { outcome: "passed" } })], "3/3");
  const expected = await planCells(readSettings({ DRIVER: "overlay,bridge", ENGINE: "26.1" }), ["nft"]);
  const merged = mergeMatrices([part, other], join(base, "missing"), expected);
  expect(merged.cells).toMatchObject([
    { name: "overlay@26.1", state: "incomplete", because: "none of the merged reports has its shard 2/3" },
    { name: "bridge@26.1", state: "broken", because: "none of the merged reports has it" },
  ]);
  expect(countMatrix(merged)).toEqual({ passed: 2, failed: 2, known: 0 });
  const last = write([exampleCell("overlay@26.1", { M8: { outcome: "passed" } })], "2/3");
  const whole = mergeMatrices([part, other, last], join(base, "whole"));
  expect(countMatrix(whole)).toEqual({ passed: 3, failed: 0, known: 0 });
  expect(whole.run.shard).toBeUndefined();
});
