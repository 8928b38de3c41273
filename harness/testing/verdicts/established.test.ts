import { describe, expect, it } from "vitest";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import type { HeldTold } from "#harness/observe/probe/held/connection.ts";
import type { Stream } from "#harness/observe/probe/held/stream.ts";
import {
  describeFates,
  dueMs,
  judge,
  refuseBusy,
  type Seen,
  seenOf,
  type ToldWay,
} from "#suites/connections/established/verdict.ts";

const way: ToldWay = {
  subject: { direction: "in", protocol: "tcp" },
  version: 6,
  place: "node1, between nodes",
  connection: { name: "tcp from a to b port 4711" },
};
const seen = (fate: Seen["fate"], given: Partial<Seen> = {}): Seen => ({
  ...{ way, towards: "there", fate, counted: { sent: 20, arrived: fate === "cut" ? 0 : 20 }, lastMs: 0 },
  ...given,
});

const everyMs = 100;
const returned = 10_000;
const before = { from: returned - 500, to: returned };
const to = returned + dueMs + 1_000;
/** A line every 100 ms from before the order until `to`, of which those arrive at once that were sent up to `lastMs` after it. */
const until = (lastMs: number): Stream => {
  const sent = Array.from(
    { length: (to - before.from) / everyMs },
    (_, number) => before.from + number * everyMs,
  );
  return { sent, arrived: sent.map((at) => (at - returned <= lastMs ? at + 1 : undefined)) };
};
const told = (there: Stream, back: Stream, given: Partial<HeldTold> = {}): HeldTold => ({
  ...{ there, back, lookedAt: to },
  ...given,
});
const change = "a rule that denies is added";

describe("what became of an established connection", () => {
  const fates = (one: HeldTold) => seenOf(way, one, { returned, to }).map(({ fate }) => fate);

  it("is told of both directions, by what was sent once the order was due", () => {
    expect(fates(told(until(dueMs - 1), until(to)))).toEqual(["cut", "kept"]);
  });

  it("is no cut where the first line that was due for it got through", () => {
    expect(fates(told(until(dueMs), until(dueMs - everyMs)))).toEqual(["in part", "cut"]);
  });

  it("has with it when the last line that arrived was sent; that is no time where it was before the order's return", () => {
    const [there, back] = seenOf(way, told(until(300), until(-1)), { returned, to });
    expect([there?.lastMs, back?.lastMs]).toEqual([300, 0]);
    expect(there?.counted).toEqual({ sent: 10, arrived: 0 });
  });

  it("is cut where it ended, and not known where an end that is up sent too little", () => {
    const short: Stream = { sent: [before.from], arrived: [before.from + 1] };
    expect(fates(told(short, short, { ended: "ECONNRESET, as b saw it" }))).toEqual(["cut", "cut"]);
    expect(() => fates(told(until(to), short))).toThrow(ProbeFailed);
    expect(() => fates(told(until(to), short))).toThrow("over IPv6, back: only 0 lines were sent in 1000 ms");
  });
});

describe("connections are as declared", () => {
  it("where all are cut, or all are kept", () => {
    expect(judge([seen("cut"), seen("cut")], "cut", change)).toBeUndefined();
    expect(judge([seen("kept"), seen("kept")], "keep", change)).toBeUndefined();
  });

  it.each([
    ["cut", "kept"],
    ["cut", "in part"],
    ["keep", "cut"],
    ["keep", "in part"],
  ] as const)("and not where they are to be %s and one is %s", (declared, fate) => {
    const right = seen(declared === "cut" ? "cut" : "kept");
    expect(judge([right, seen(fate)], declared, change)).toBeInstanceOf(Nonconformance);
  });

  it("nor is anything concluded where none was open", () => {
    expect(() => judge([], "cut", change)).toThrow(ProbeFailed);
    expect(() => judge([], "keep", change)).toThrow(ProbeFailed);
  });

  it("each of those that are not is told, up to twelve", () => {
    const wrong = seen("kept", { towards: "back", lastMs: 1990 });
    const failure = judge([seen("cut"), ...Array.from({ length: 14 }, () => wrong)], "cut", change);
    expect(failure?.message).toContain(
      "tcp from a to b port 4711 over IPv6, node1, between nodes, to who opened it, after a rule that denies is added: " +
        "expected cut within 1000 ms of the order's return, as the driver declares, got kept: 20 of 20 lines",
    );
    expect(failure?.message).toContain("and 13 more of 15 differ");
    const [, ...lines] = failure?.message.split("\n") ?? [];
    expect(lines).toHaveLength(13);
    expect(lines[0]).toContain(
      "tcp over IPv6, rule for in, member on node1, between nodes, to who opened it",
    );
    expect(lines.at(-1)).toBe("  and 2 more");
  });
});

describe("controls that stood still", () => {
  /** A control of which a line waited that long. */
  const still = (ms: number): HeldTold => {
    const one: Stream = { sent: [returned + 10], arrived: [returned + 10 + ms] };
    return told({ sent: [returned + 10], arrived: [returned + 11] }, one);
  };
  const refusing =
    (ms: number, ...those: Seen[]) =>
    () =>
      refuseBusy([still(ms)], those, returned);
  const late = (lastMs: number) => seen("in part", { lastMs });

  it("explain what is late by up to twice that", () => {
    expect(refusing(500, late(dueMs + 1000))).toThrow(ProbeFailed);
    expect(refusing(500, late(dueMs + 1001))).not.toThrow();
  });

  it("explain nothing below half a second", () => {
    expect(refusing(499, late(dueMs + 1))).not.toThrow();
  });

  it("are not asked of what was cut", () => {
    expect(refusing(500, seen("cut", { lastMs: 9000 }), late(dueMs + 1))).toThrow(ProbeFailed);
  });
});

it("fates are one word where they are alike, and counted where they differ", () => {
  expect(describeFates([seen("cut"), seen("cut")])).toBe("cut");
  expect(describeFates([seen("cut"), seen("kept"), seen("cut")])).toBe("2 cut, 1 kept");
});
