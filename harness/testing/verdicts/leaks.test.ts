import { describe, expect, test } from "vitest";
import { Senders } from "#suites/disorder/leaks/senders.ts";
import {
  type Border,
  expectNoLeak,
  isBroken,
  type Leak,
  leaksAmong,
  type Start,
} from "#suites/disorder/leaks/starts.ts";

const leak = (border: Border): Leak => ({
  ...{ border, at: "guarded-1", source: "10.1.2.3", packets: 3, afterMs: 700 },
});

function start(number: number, ...borders: Border[]): Start {
  return {
    ...{ number, name: `sender-${number}`, node: "node1", end: "ended" },
    ...{ startMs: 600, stopMs: 20, livedMs: 900, leaks: borders.map(leak) },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("a border is broken", () => {
  test("by five starts that leak past it, and not by those that leak past another", () => {
    const untranslated = numbers(200).map((number) => start(number, "translation"));
    expect(isBroken(untranslated.slice(0, 4), "translation")).toBe(false);
    expect(isBroken(untranslated, "translation")).toBe(true);
    expect(isBroken(untranslated, "policy")).toBe(false);
    expect(isBroken(untranslated, "tenant")).toBe(false);
  });

  test("not by a start that leaks in many places", () => {
    expect(isBroken([start(1, ...numbers(9).map(() => "policy" as const))], "policy")).toBe(false);
  });
});

describe("a leak", () => {
  const verdictOf = (starts: readonly Start[], asked: number) => () =>
    expectNoLeak(starts, asked, "policy", "no packet");

  test("of another border is no failure", () => {
    expect(verdictOf([start(1, "tenant"), start(2)], 2)).not.toThrow();
  });

  test("is told with how many starts leaked, of how many, and of how many that were asked for", () => {
    expect(verdictOf([start(1), start(2, "policy")], 2)).toThrow("in 1 of 2 starts\n  start 2: 3 packets");
    expect(verdictOf([start(1), start(2, "policy")], 200)).toThrow(
      "in 1 of 2 starts, where 200 were asked for and so many tell enough\n",
    );
  });

  test("of hundreds of starts is told of the first of them", () => {
    const all = numbers(200).map((number) => start(number, "policy"));
    expect(verdictOf(all, 200)).toThrow("in 200 of 200 starts\n");
    expect(verdictOf(all, 200)).toThrow("\n  and so in 180 more starts");
  });
});

describe("a packet that comes late", () => {
  const seen = [{ source: "10.1.2.3", count: 2, firstAgoMs: 30, lastAgoMs: 10 }];

  test("is of the start that had its length last, and told as late", () => {
    const senders = new Senders();
    senders.begin(3, 1_000);
    expect(senders.last(senders.bytesOf(903))).toEqual({ number: 3, ordered: 1_000 });
    const leaks = leaksAmong(seen, { border: "policy", at: "guarded-1", sinceMs: 5_030 });
    senders.addLate(3, leaks);
    senders.begin(903, 9_000);
    expect(senders.last(senders.bytesOf(3))).toEqual({ number: 903, ordered: 9_000 });
    const [third, last] = senders.withLate([start(903), start(3, "policy")]);
    const late = { border: "policy", at: "guarded-1", source: "10.1.2.3", packets: 2, afterMs: 5_000 };
    expect(third).toEqual({ ...start(3), leaks: [leak("policy"), { ...late, late: true }] });
    expect(last).toEqual(start(903));
    expect(() => expectNoLeak([third!], 1, "policy", "no packet")).toThrow(
      "2 late packets to guarded-1, the first after 5000 ms",
    );
  });

  test("of a length that no start has had is nobody's", () => {
    expect(new Senders().last(1_100)).toBeUndefined();
  });
});
