import { describe, expect, test } from "vitest";
import type { Tenth } from "./churn.ts";
import { type Pace, paceOf } from "./pace.ts";

/** Times from `tookMs` to half as much again. */
function tenth(tookMs: number, { count = 30, ...change }: Partial<Tenth> & { count?: number } = {}): Tenth {
  const cycles = Array.from({ length: count }, (_, index) => ({
    ...{ number: index + 1, tookMs: tookMs * (1 + index / (2 * count)) },
  }));
  return { cycles, snapshot: {}, foreign: foreign(), ...change };
}

function foreign(eachMs = 20): Tenth["foreign"] {
  const lists = { whole: 1, interrupted: 0 };
  return { perSecond: 20, lists, apartMs: Array.from({ length: 40 }, (_, index) => eachMs + index / 10) };
}

const ten = (first: Tenth, last: Tenth) => [first, ...Array.from({ length: 8 }, () => first), last];

function paced(first: Tenth, last: Tenth): Pace {
  const pace = paceOf(ten(first, last));
  if (typeof pace === "string") throw new Error(pace);
  return pace;
}

describe("the last tenth is slower", () => {
  test("where it takes more than half as much again, also where that is few milliseconds", () => {
    expect(paced(tenth(200), tenth(320))).toMatchObject({ slower: true });
    expect(paced(tenth(20), tenth(69))).toMatchObject({ slower: true });
    expect(paced(tenth(20), tenth(69)).unjudged).toBeUndefined();
  });

  test("not where it takes less than that", () => {
    const pace = paced(tenth(200), tenth(290));
    expect(pace).toMatchObject({ slower: false });
    expect(pace.unjudged).toBeUndefined();
  });
});

describe("it is not judged", () => {
  test("where the machine had no time", () => {
    expect(paced(tenth(200), tenth(400, { starved: "no processor" })).unjudged).toBe("no processor");
    expect(paced(tenth(200, { starved: "no processor" }), tenth(200)).unjudged).toBe("no processor");
  });

  test("where the node had become slower for everybody, or was so at first", () => {
    expect(paced(tenth(200), tenth(400, { foreign: foreign(40) })).unjudged).toMatch("slower");
    expect(paced(tenth(200, { foreign: foreign(40) }), tenth(200)).unjudged).toMatch("faster");
    expect(paced(tenth(200), tenth(200, { foreign: foreign(40) })).unjudged).toBeUndefined();
  });

  test("where nobody saw how fast the node was", () => {
    const none = { ...foreign(), apartMs: [20] };
    expect(paced(tenth(200), tenth(400, { foreign: none })).unjudged).toMatch("too seldom");
  });

  test("where a few cycles were so slow as may be chance", () => {
    const last = tenth(200);
    const slow = [1, 2, 3, 4, 5].map((number) => ({ number, tookMs: 900 }));
    expect(paced(tenth(200), { ...last, cycles: [...last.cycles.slice(5), ...slow] })).toMatchObject({
      ...{ slower: false, unjudged: expect.stringContaining("may be chance") },
    });
  });
});

describe("the percentile", () => {
  test.each([
    [200, 99],
    [60, 95],
    [30, 90],
    [10, 50],
  ])("of %d cycles has two of them beyond it: p%d", (count, percentile) => {
    expect(paced(tenth(200, { count }), tenth(200, { count }))).toMatchObject({ percentile });
  });
});

describe("there is no pace", () => {
  test("where the churn was ended before its last tenth", () => {
    expect(paceOf([tenth(200)])).toMatch("1 tenths of 10");
    expect(paceOf([])).toMatch("0 tenths of 10");
  });

  test("where too little succeeded to tell anything", () => {
    const failed = { number: 31, tookMs: 9_000, failure: "refused" };
    const last = tenth(200);
    expect(paced(tenth(200), { ...last, cycles: [...last.cycles, failed] }).lastMs).toBeLessThan(301);
    expect(paceOf(ten(tenth(200), { ...last, cycles: [failed] }))).toMatch("0 succeeded");
    expect(paceOf(ten(tenth(200, { count: 2 }), tenth(200, { count: 2 })))).toMatch("too few");
  });
});
