import { describe, expect, test } from "vitest";
import { Blocked, Nonconformance, NothingSeen } from "#harness/core/errors.ts";
import type { Tenth } from "#harness/oracle/churn/churn.ts";
import { expectNothingLost, expectSteady } from "#suites/disorder/churn/verdict.ts";

const pace = { percentile: 90, firstMs: 20, lastMs: 69, ratio: 3.45, slower: true };

describe("the pace of the last tenth", () => {
  test("that was slower is a failure, and told with the percentile", () => {
    expect(() => expectSteady("a cycle", pace)).toThrow(Nonconformance);
    expect(() => expectSteady("a cycle", pace)).toThrow(
      "the p90 of a cycle, in the last tenth: expected at most 1.5 × that of the first, 20 ms, got 69 ms, 3.45 × of it",
    );
    expect(() => expectSteady("a cycle", { ...pace, ratio: 1.2, slower: false })).not.toThrow();
  });

  test("that cannot be judged has not passed", () => {
    for (const slower of [true, false]) {
      expect(() => expectSteady("a cycle", { ...pace, slower, unjudged: "no time" })).toThrow(Blocked);
    }
    expect(() => expectSteady("a cycle", "there is no last tenth")).toThrow(NothingSeen);
  });
});

describe("what grew", () => {
  const churned = (...counts: number[]) => ({
    cycle: "a cycle",
    tenths: counts.map(
      (count): Tenth => ({
        cycles: [{ number: 1, tookMs: 20 }],
        snapshot: { node1: { rules: Array.from({ length: count }, (_, rule) => `rule ${rule}`) } },
        foreign: { perSecond: 20, lists: { whole: 1, interrupted: 0 }, apartMs: [20] },
      }),
    ),
  });

  test("is told as left once, with the tenth after which it was there", () => {
    expect(() => expectNothingLost(churned(5, 5, 5, 6))).toThrow(
      "rules of node1 grew from 5 to 6, once, in tenth 4",
    );
  });

  test("is told as left again and again, with what each tenth added", () => {
    expect(() => expectNothingLost(churned(5, 6, 7, 8))).toThrow(
      "rules of node1 grew from 5 to 8, in 3 of 4 tenths, by 1 each in the median",
    );
  });

  test("is nothing where as much is there as before", () => {
    expect(() => expectNothingLost(churned(5, 6, 5, 5))).not.toThrow();
  });
});
