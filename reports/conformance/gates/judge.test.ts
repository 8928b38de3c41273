import { expect, test } from "vitest";
import type { Gate } from "#harness/conformance/run/selection.ts";
import { describeGates, judgeGates } from "./judge.ts";

const gate: Gate = { latency: "policy", percentile: 99, limitMs: 500 };
const target = "reference@26.1";

/** What a test of D7 left that measured this p99, or nothing. */
function seen(ms?: number, on = target): Parameters<typeof judgeGates>[2][number] {
  return ms === undefined
    ? { target: on, requirement: "D7", outcome: "unsupported", reason: "policy is not declared" }
    : {
        target: on,
        requirement: "D7",
        outcome: "passed",
        facts: { "policy p50 ms": 1, "policy p99 ms": ms },
      };
}

const told = (targets: string[], observations: Parameters<typeof judgeGates>[2]) =>
  judgeGates([gate], targets, observations);

test("a latency within its limit passes, also where it is just that", () => {
  expect(told([target], [seen(500)])).toEqual([
    {
      gate: "policy-p99",
      latency: "policy",
      percentile: 99,
      limitMs: 500,
      target,
      ms: 500,
      outcome: "passed",
    },
  ]);
  expect(describeGates(told([target], [seen(3)]))).toEqual([]);
});

test("one that is longer fails, in one line", () => {
  const judged = told([target], [seen(812)]);
  expect(judged).toMatchObject([{ outcome: "failed", ms: 812 }]);
  expect(describeGates(judged)).toEqual(["gate policy-p99: 812 ms on reference@26.1, more than 500 ms"]);
});

test("what was not measured is an error, on each target for itself", () => {
  const judged = told([target, "bridge@26.1", "overlay@26.1"], [seen(3), seen(undefined, "bridge@26.1")]);
  expect(judged.map(({ outcome }) => outcome)).toEqual(["passed", "error", "error"]);
  expect(describeGates(judged)).toEqual([
    "gate policy-p99: not measured on bridge@26.1: D7 is unsupported: policy is not declared",
    "gate policy-p99: not measured on overlay@26.1: D7 did not run",
  ]);
});

test("a run that judged nothing passes no gate", () => {
  const judged = told([], []);
  expect(judged).toMatchObject([{ outcome: "error", target: "no target" }]);
});

test("of several rounds the longest counts, and one without a measurement is an error", () => {
  expect(told([target], [seen(3), seen(812), seen(4)])).toMatchObject([{ outcome: "failed", ms: 812 }]);
  expect(told([target], [seen(3), seen()])).toMatchObject([{ outcome: "error" }]);
});

test("the fact of another percentile or of another requirement is none", () => {
  const other = { ...seen(3), facts: { "policy p50 ms": 3 } };
  expect(told([target], [other])).toMatchObject([{ outcome: "error" }]);
  expect(told([target], [{ ...seen(3), requirement: "D7b" }])).toMatchObject([{ outcome: "error" }]);
});
