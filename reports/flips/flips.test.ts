import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { reportRecord, reportTest } from "#harness/testing/support/examples/report.ts";
import { buildStatement, type Observation } from "#reports/conformance/statement.ts";
import { isOverBudget, standingsIn, whyNotYet } from "./budget.ts";
import { type FlipLine, linesOf, mergeRecords, readRecord, writeRecord } from "./record.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-flips-"));
afterAll(() => rmSync(folder, { recursive: true }));

let runs = 0;

/** A run of so many rounds of M4, some of which failed, on a machine with that load. */
function ran(rounds: number, failed: number, load: number): FlipLine[] {
  const observations = Array.from(
    { length: rounds },
    (_, index): Observation => reportTest("M4", index < failed ? "failed" : "passed", { round: index + 1 }),
  );
  const id = `00000000-0000-4000-8000-${String(++runs).padStart(12, "0")}`;
  return linesOf(buildStatement(reportRecord(observations, { id, rounds, load })));
}

const standing = (lines: readonly FlipLine[]) =>
  standingsIn(lines).find(({ requirement }) => requirement === "M4") ?? expect.fail("M4 was not judged");
const cpus = ran(1, 0, 0)[0]?.cpus ?? 0;
const [quiet, busy] = [cpus, 10 * cpus];

describe("the budget of flips", () => {
  test("is none on a quiet machine, and one in five hundred on a busy one", () => {
    expect(isOverBudget(standing(ran(500, 0, quiet)))).toBe(false);
    expect(isOverBudget(standing(ran(500, 1, quiet)))).toBe(true);
    expect(isOverBudget(standing(ran(500, 1, busy)))).toBe(false);
    expect(isOverBudget(standing(ran(500, 2, busy)))).toBe(true);
  });

  test("counts what ends otherwise than usual, over runs of the same suite and plugin", () => {
    const lines = mergeRecords([...ran(3, 3, quiet), ...ran(1, 0, busy)], ran(2, 2, quiet));
    expect(standing(lines)).toMatchObject({ quiet: { runs: 5, flips: 0 }, busy: { runs: 1, flips: 1 } });
    const [other] = ran(4, 0, quiet);
    expect(standing([...lines, { ...(other as FlipLine), same: "another plugin" }]).quiet.flips).toBe(0);
  });

  test("promotes after two hundred clean runs, and not before", () => {
    expect(whyNotYet(standing(ran(199, 0, quiet)))).toBe("199 runs of 200 that it takes");
    expect(whyNotYet(standing([...ran(199, 0, quiet), ...ran(1, 0, busy)]))).toBeUndefined();
    expect(whyNotYet(standing(ran(300, 1, busy)))).toBe("1 of 300 runs ended otherwise than the others");
  });
});

describe("a record of flips", () => {
  test("has each run once, and is read as it was written", () => {
    const path = join(folder, "flips.jsonl");
    const lines = [...ran(2, 0, quiet), ...ran(1, 1, busy)];
    writeRecord(path, mergeRecords(lines, lines));
    expect(readRecord(path)).toEqual(lines);
    expect(readRecord(join(folder, "none"))).toEqual([]);
  });

  test("has nothing of a run that was cut short, or had a fault injected or mended", () => {
    const record = reportRecord([reportTest("M4", "passed")]);
    const { environment } = record;
    expect(linesOf(buildStatement({ ...record, incompleteBecause: ["killed"] }))).toEqual([]);
    for (const tampered of [{ FAULT: "vxlan-dropped" }, { MEND: "cut-off-starts-kept" }]) {
      const settings = { ...environment.settings, ...tampered };
      expect(linesOf(buildStatement({ ...record, environment: { ...environment, settings } }))).toEqual([]);
    }
  });

  test("that is none is refused with its line", () => {
    const path = join(folder, "damaged.jsonl");
    writeFileSync(path, `${JSON.stringify(ran(1, 0, quiet)[0])}\n{"version":2}\n`);
    expect(() => readRecord(path)).toThrow(
      /damaged\.jsonl:2: expected a line of a record of flips, got something else/,
    );
  });
});
