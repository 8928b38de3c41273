import { describe, expect, test } from "vitest";
import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { growthOf, tenthsOf } from "./churn.ts";

const reading = (...rules: string[]): Snapshot => ({ node1: { iptables: rules, links: ["lo"] } });

describe("what grows", () => {
  test("is told with its kind, its counts and what is there and was not", () => {
    expect(growthOf([reading("a"), reading("a", "b"), reading("a", "b", "c")])).toEqual([
      { host: "node1", kind: "iptables", counts: [1, 2, 3], rises: [2, 3], slope: 1, extra: ["b", "c"] },
    ]);
  });

  test("is nothing where things go and others come in their place, or where they become fewer", () => {
    expect(growthOf([reading("a", "b"), reading("c", "d")])).toEqual([]);
    expect(growthOf([reading("a", "b"), reading("a")])).toEqual([]);
  });

  test("is one thing that is there twice, too", () => {
    expect(growthOf([reading("a"), reading("a", "a")])).toEqual([
      { host: "node1", kind: "iptables", counts: [1, 2], rises: [2], slope: 1, extra: ["a"] },
    ]);
  });

  const counted = (...counts: number[]) =>
    growthOf(counts.map((count) => reading(...Array.from({ length: count }, (_, rule) => `rule ${rule}`))));

  test("has a slope where something is left again and again, and none where it is left once", () => {
    expect(counted(1, 2, 3, 4, 5, 6, 6, 7, 8, 9)).toMatchObject([{ rises: [2, 3, 4, 5, 6, 8, 9, 10] }]);
    expect(counted(1, 3, 5, 7, 9, 11)).toMatchObject([{ slope: 2 }]);
    expect(counted(5, 5, 5, 5, 5, 5, 5, 5, 5, 6)).toMatchObject([{ rises: [10], slope: 0 }]);
  });

  test("is found although the first reading had something that went", () => {
    expect(counted(9, 5, 5, 6, 6, 7, 7, 8, 8, 9)).toMatchObject([{ counts: [9, 5, 5, 6, 6, 7, 7, 8, 8, 9] }]);
    expect(counted(9, 6, 7, 6, 7, 6, 7, 6, 7, 6)).toEqual([]);
    expect(counted(9, 5, 6, 7, 8)).toEqual([]);
  });

  test.each([300, 2_000])("is found where one of fifty leaves a thing, of %d", (total) => {
    const after = tenthsOf(total).map((tenth) => Math.floor(tenth.at(-1)! / 50));
    const [growth] = counted(...after);
    expect(growth!.rises.length).toBeGreaterThan(1);
    expect(growth!.slope).toBeGreaterThan(0);
  });

  test("is not told of one reading", () => {
    expect(growthOf([])).toEqual([]);
    expect(growthOf([reading("a")])).toEqual([]);
  });
});

test("ten parts have every number once", () => {
  expect(tenthsOf(2_000).map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 200));
  expect(tenthsOf(25).flat()).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
});
