import { globSync } from "node:fs";
import { matchesGlob } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { areas } from "./areas.ts";
import { type Mutant, scoreOf } from "./mutant.ts";
import { isBelowFloor, scoresTable, survivorLines } from "./report.ts";
import { needless, type Reason, reasonFor, reasons } from "./survivors.ts";

const alive: Mutant = {
  ...{ file: "harness/observe/nat.ts", line: 7, kind: "BooleanLiteral", fate: "alive" },
  ...{ code: "return true;", replacement: "false" },
};
const killed: Mutant = { ...alive, line: 9, fate: "killed" };
const untested: Mutant = { ...alive, line: 12, fate: "untested" };

describe("the share of mutants that tests kill", () => {
  test("counts those that no test runs as tried", () => {
    const { tried, share } = scoreOf([alive, killed, killed, untested]);
    expect({ tried, share }).toEqual({ tried: 4, share: 0.5 });
  });
  test("leaves out those that could not be tried", () => {
    expect(scoreOf([killed, { ...alive, fate: "invalid" }])).toMatchObject({ tried: 1, share: 1 });
  });
  test("is below the floor of an area or not", () => {
    const area = { name: "one", decides: "something", files: [], floor: 0.5 };
    expect(isBelowFloor({ area, mutants: [alive, killed] })).toBe(false);
    expect(isBelowFloor({ area, mutants: [alive, alive, killed] })).toBe(true);
  });
  test("is never rounded up to the floor", () => {
    const mutants = [
      ...Array.from({ length: 849 }, () => killed),
      ...Array.from({ length: 151 }, () => alive),
    ];
    const area = { name: "one", decides: "something", files: [], floor: 0.85 };
    expect(scoresTable([{ area, mutants }])).toMatch(/84\.9 %.*85\.0 %/);
  });
});

describe("a reason for a survivor", () => {
  const reason: Reason = { files: "harness/observe/*.ts", code: "return true", because: "it is so" };
  test.each<[string, Partial<Mutant>, Reason | undefined]>([
    ["is found by file and code", {}, reason],
    ["is none for another file", { file: "harness/cni/nat.ts" }, undefined],
    ["is none for another line", { code: "return undefined;" }, undefined],
  ])("%s", (_, change, found) => {
    expect(reasonFor({ ...alive, ...change }, [reason])).toBe(found);
  });
  test("may be of one kind of change alone", () => {
    expect(reasonFor(alive, [{ ...reason, kind: "EqualityOperator" }])).toBeUndefined();
  });
  test("is needless once its survivor is killed, and not told of files that were not tried", () => {
    expect(needless([alive], [reason])).toEqual([]);
    expect(needless([killed], [reason])).toEqual([reason]);
    expect(needless([{ ...killed, file: "harness/cni/rules/answer-rules.ts" }], [reason])).toEqual([]);
  });
  test("is for a file that is there, in an area", () => {
    const globs = areas.flatMap(({ files }) => files);
    for (const { files } of reasons) {
      const found = globSync(files, { cwd: projectRoot });
      expect(found.filter((file) => globs.some((glob) => matchesGlob(file, glob)))).not.toEqual([]);
    }
  });
});

test("a survivor is told with its place and what could stand there", () => {
  expect(survivorLines([alive, killed])).toEqual([
    "harness/observe/nat.ts:7 alive, BooleanLiteral: return true; → false",
  ]);
});
