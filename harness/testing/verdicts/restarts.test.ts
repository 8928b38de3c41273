import { describe, expect, it } from "vitest";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import type { HeldTold } from "#harness/observe/probe/held/connection.ts";
import type { Stream } from "#harness/observe/probe/held/stream.ts";
import {
  factsOf,
  gapOf,
  judge,
  refuseBusy,
  type Seen,
  seenOf,
  type ToldWay,
} from "#suites/connections/restarts/verdict.ts";

const tcp: ToldWay = {
  place: "within a node",
  version: 4,
  connection: { name: "tcp from a to b port 4711", spec: { protocol: "tcp" } },
};
const udp6: ToldWay = {
  place: "between nodes",
  version: 6,
  connection: { name: "udp from c to d port 4712", spec: { protocol: "udp" } },
};
const seen = (gapMs: number, given: Partial<Seen> = {}): Seen => ({ ...tcp, gapMs, silent: false, ...given });

/** A line every 10 ms from 1000 on; `at` says how long each took to arrive. */
const stream = (...at: (number | undefined)[]): Stream => ({
  sent: at.map((_, number) => 1000 + 10 * number),
  arrived: at.map((ms, number) => (ms === undefined ? undefined : 1000 + 10 * number + ms)),
});
const told = (there: Stream, back: Stream, given: Partial<HeldTold> = {}): HeldTold => ({
  ...{ there, back, lookedAt: 5000 },
  ...given,
});
const period = { from: 1000, to: 2000 };
const during = "the plugin is restarted";
const budgetMs = 1000;

describe("what became of a held connection", () => {
  it("stood still for as long as the worse of its directions did, in whole milliseconds", () => {
    expect(gapOf(told(stream(1, 1), stream(1, 40.4)), period)).toBe(40);
    expect(gapOf(told(stream(1, undefined, 2), stream(1, 1)), period)).toBe(12);
  });

  it("stood still until it was looked at, where nothing came back", () => {
    const lost = told(stream(1, undefined), stream(1, 1));
    expect(seenOf(tcp, lost, period, true)).toEqual({ ...tcp, gapMs: 3990, silent: true });
  });

  it("has ended rather than fallen silent, where something ended it", () => {
    const reset = told(stream(1, undefined), stream(1), { ended: "ECONNRESET, as b saw it" });
    expect(seenOf(tcp, reset, period, true)).toMatchObject({
      silent: false,
      ended: "ECONNRESET, as b saw it",
    });
  });

  it("is not known where an end sent nothing in the period", () => {
    expect(() => gapOf(told(stream(1, 1), stream()), period)).toThrow(ProbeFailed);
    expect(() => gapOf(told(stream(1, 1), stream(1, 1)), { from: 3000, to: 4000 })).toThrow(ProbeFailed);
  });
});

describe("connections are as declared", () => {
  it("where no gap is longer than the budget; one that is equal to it is none", () => {
    expect(judge([seen(0), seen(budgetMs)], budgetMs, during)).toBeUndefined();
  });

  it("and not where one is a millisecond longer", () => {
    const failure = judge([seen(3), seen(budgetMs + 1, udp6)], budgetMs, during);
    expect(failure).toBeInstanceOf(Nonconformance);
    expect(failure?.message).toContain(
      "udp from c to d port 4712 over IPv6, between nodes, while the plugin is restarted: " +
        "expected to go on, and never to stand still for more than 1000 ms, as the driver declares, " +
        "got nothing was carried for 1001 ms",
    );
  });

  it("nor where one never came back, or ended, however short its gap was", () => {
    expect(judge([seen(20, { silent: true })], budgetMs, during)?.message).toContain(
      "nothing was carried any more",
    );
    expect(judge([seen(20, { ended: "ECONNRESET, as b saw it" })], budgetMs, during)?.message).toContain(
      "it ended: ECONNRESET, as b saw it",
    );
  });

  it("nor is anything concluded where none was open", () => {
    expect(() => judge([], budgetMs, during)).toThrow(ProbeFailed);
  });

  it("each of those that are not is told, up to twelve", () => {
    const failure = judge([seen(3), ...Array.from({ length: 14 }, () => seen(2000))], budgetMs, during);
    expect(failure?.message).toContain("and 13 more of 15 differ");
    const [, ...lines] = failure?.message.split("\n") ?? [];
    expect(lines).toHaveLength(13);
    expect(lines.at(-1)).toBe("  and 2 more");
  });
});

describe("controls that stood still", () => {
  const refusing =
    (controlMs: number, ...those: Seen[]) =>
    () =>
      refuseBusy(controlMs, those, budgetMs);

  it("explain gaps that are longer by up to twice that", () => {
    expect(refusing(200, seen(budgetMs + 400))).toThrow(ProbeFailed);
    expect(refusing(200, seen(budgetMs + 401))).not.toThrow();
  });

  it("explain nothing below 200 ms", () => {
    expect(refusing(199, seen(budgetMs + 1))).not.toThrow();
  });

  it("explain no connection that ended or never came back", () => {
    expect(refusing(5000, seen(budgetMs + 1), seen(20, { ended: "EPIPE" }))).not.toThrow();
    expect(refusing(5000, seen(budgetMs + 1), seen(20, { silent: true }))).not.toThrow();
  });
});

it("facts are told by protocol, IP version and place, with what does not go on beside them", () => {
  const lost = seen(4000, { ...udp6, silent: true });
  expect(factsOf([seen(20), seen(31), lost, seen(70, udp6)])).toEqual({
    "tcp over IPv4 within a node, longest gap ms": 31,
    "udp over IPv6 between nodes, longest gap ms": 4000,
    "udp over IPv6 between nodes": "nothing was carried any more",
  });
});
