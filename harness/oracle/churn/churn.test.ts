import { describe, expect, test } from "vitest";
import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { growthOf, paceOf, type Tenth, tenthsOf } from "./churn.ts";

const reading = (...rules: string[]): Snapshot => ({ node1: { iptables: rules, links: ["lo"] } });

function tenth(tookMs: number, change: Partial<Tenth> = {}): Tenth {
  const cycles = Array.from({ length: 30 }, (_, index) => ({ number: index + 1, tookMs }));
  return { cycles, snapshot: {}, foreign: { perSecond: 20, p50Ms: 45, p99Ms: 90 }, ...change };
}

describe("what grows", () => {
  test("is told with its kind, its counts and what is there and was not", () => {
    expect(growthOf([reading("a"), reading("a", "b"), reading("a", "b", "c")])).toEqual([
      { host: "node1", kind: "iptables", counts: [1, 2, 3], extra: ["b", "c"] },
    ]);
  });

  test("is nothing where things go and others come in their place, or where they become fewer", () => {
    expect(growthOf([reading("a", "b"), reading("c", "d")])).toEqual([]);
    expect(growthOf([reading("a", "b"), reading("a")])).toEqual([]);
  });

  test("is one thing that is there twice, too", () => {
    expect(growthOf([reading("a"), reading("a", "a")])).toEqual([
      { host: "node1", kind: "iptables", counts: [1, 2], extra: ["a"] },
    ]);
  });

  test("is not told of one reading", () => {
    expect(growthOf([])).toEqual([]);
    expect(growthOf([reading("a")])).toEqual([]);
  });
});

describe("the pace", () => {
  test("is judged where the last tenth is slower by more than a process may be late", () => {
    expect(paceOf([tenth(200), tenth(210), tenth(320)])).toEqual({ firstMs: 200, lastMs: 320, ratio: 1.6 });
    expect(paceOf([tenth(20), tenth(40)])?.unjudged).toMatch("less than 50 ms");
  });

  test("is not judged where the machine had no time, or the node had become slower for everybody", () => {
    expect(paceOf([tenth(200), tenth(400, { starved: "no processor" })])?.unjudged).toBe("no processor");
    for (const slower of [{ p50Ms: 90 }, { p99Ms: 180 }]) {
      const foreign = { ...tenth(400).foreign, ...slower };
      expect(paceOf([tenth(200), tenth(400, { foreign })])?.unjudged).toMatch("2.00 times");
    }
  });

  test("is that of what succeeded", () => {
    const failed = { number: 31, tookMs: 9_000, failure: "refused" };
    const last = tenth(200);
    expect(paceOf([tenth(200), { ...last, cycles: [...last.cycles, failed] }])?.lastMs).toBe(200);
    expect(paceOf([tenth(200)])).toBeUndefined();
    expect(paceOf([tenth(200), { ...last, cycles: [failed] }])).toBeUndefined();
  });
});

test("ten parts have every number once", () => {
  expect(tenthsOf(2_000).map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 200));
  expect(tenthsOf(25).flat()).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
});
