import { expect, it } from "vitest";
import { baseline, type CaseResult, type FaultCase } from "#harness/proof/case.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { toJson } from "./json.ts";
import { describeResult, describeRun } from "./table.ts";

const fault: Fault<"cnm"> = {
  name: "address-leaked",
  on: { tier: "cnm", plugin: "reference", engine: "29.7" },
  breaks: "an address stays taken",
  why: "the subnet is used up",
  detectedBy: ["CNM-23"],
  inject: { switchOn: "address-leaked" },
};
const faulty: FaultCase = { name: fault.name, on: fault.on, fault };
const clean: FaultCase = { name: baseline, on: fault.on };
const result = (one: FaultCase, ...problems: string[]): CaseResult => ({
  ...{ case: one, followed: [], blocked: [], problems, leftovers: "", durationMs: 1_000 },
});
const about = { unproved: [], durationMs: 2_000 };

it("counts a case that holds as passed", () => {
  const { passed, failed, text } = describeRun({ ...about, cases: [faulty], results: [result(faulty)] });
  expect({ passed, failed }).toEqual({ passed: 1, failed: 0 });
  expect(text).toContain("caught");
});

it("counts a case that does not hold, and one that was not run, as failed", () => {
  const another: FaultCase = { ...faulty, name: "another" };
  const missed = result(faulty, "CNM-23 had to fail and is passed");
  const { passed, failed, text } = describeRun({ ...about, cases: [faulty, another], results: [missed] });
  expect({ passed, failed }).toEqual({ passed: 0, failed: 2 });
  expect(text).toContain("MISSED");
  expect(text).toContain("not run");
});

it("counts a case that cannot be tried here as neither, and says why", () => {
  const blocked = { ...result(faulty), blocked: ["CNM-23 is blocked: no kernel for it"] };
  const { text, ...counts } = describeRun({ ...about, cases: [faulty], results: [blocked] });
  expect(counts).toEqual({ passed: 0, failed: 0, blocked: 1 });
  expect(text).toContain("address-leaked is blocked, not proved: CNM-23 is blocked: no kernel for it");
  expect(text).not.toContain("caught");
  expect(describeResult(blocked)).toMatch(/^blocked {2}cnm .*\n +CNM-23 is blocked: no kernel for it$/);
});

it("counts a baseline that is not green as failed", () => {
  const results = [result(clean, "CNM-2 is failed"), result(faulty)];
  const { passed, failed, text } = describeRun({ ...about, cases: [clean, faulty], results });
  expect({ passed, failed }).toEqual({ passed: 1, failed: 1 });
  expect(text).toContain("NOT GREEN");
});

it("counts a MUST that nothing proves as failed", () => {
  const unproved = ["S1", "S3"] as const;
  const { failed, text } = describeRun({ ...about, unproved, cases: [faulty], results: [result(faulty)] });
  expect(failed).toBe(2);
  expect(text).toContain("S3 is not proved");
});

it("tells a result with what is wrong and what was left", () => {
  const told = describeResult({
    ...result(faulty, "CNM-23 had to fail"),
    leftovers: "node1 links: left behind",
  });
  expect(told).toMatch(
    /^MISSED {3}cnm {2}reference 29\.7 {2}address-leaked → CNM-23\n +CNM-23 had to fail\n/,
  );
  expect(told).toContain("node1 links: left behind");
});

it("tells how long failures were looked into, and keeps it in JSON", () => {
  const looked = { ...result(faulty), lookedIntoMs: [1_200, 2_900] };
  const run = { ...about, cases: [clean, faulty], results: [result(clean), looked] };
  expect(describeRun(run).text).toContain(
    "Looking into failures took 1.2 s in the median and 2.9 s at most, in 2 tests that failed",
  );
  const json = toJson({ ...run, startedAt: new Date(0), engine: "26.1" });
  expect(json.looks).toEqual({ tests: 2, medianMs: 1_200, longestMs: 2_900 });
  expect(json.cases[1]).toMatchObject({ lookedIntoMs: [1_200, 2_900] });
  expect(describeRun({ ...run, results: [result(clean)] }).text).not.toContain("Looking into");
});

it("keeps in JSON what ran, what did not, and what each case was about", () => {
  const run = { ...about, startedAt: new Date(0), engine: "26.1", cases: [clean, faulty] };
  expect(toJson({ ...run, results: [result(faulty)] })).toMatchObject({
    schemaVersion: 2,
    engine: "26.1",
    cases: [
      {
        ...{
          tier: "cnm",
          name: "address-leaked",
          on: "reference 29.7",
          detectedBy: ["CNM-23"],
          mayFollow: [],
        },
        ...{ breaks: fault.breaks, why: fault.why, followed: [], problems: [], durationMs: 1_000 },
      },
    ],
    notRun: [{ tier: "cnm", name: "baseline", on: "reference 29.7", breaks: "nothing" }],
  });
});
