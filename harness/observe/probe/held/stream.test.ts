import { describe, expect, it } from "vitest";
import { countIn, lastThrough, longestGap, type Stream, silentFrom, streamOf } from "./stream.ts";

/** A line every 10 ms from 1000 on; `at` says how long each took to arrive. */
const stream = (...at: (number | undefined)[]): Stream => ({
  sent: at.map((_, number) => 1000 + 10 * number),
  arrived: at.map((ms, number) => (ms === undefined ? undefined : 1000 + 10 * number + ms)),
});
const always = { from: 0, to: Number.POSITIVE_INFINITY };

describe("a stream of numbered lines", () => {
  it("is put together from what both ends told, on one clock", () => {
    const told = streamOf(
      { sent: [100, 110, 120] },
      {
        arrived: [
          [2, 1125],
          [0, 1101],
        ],
      },
      { sender: (at) => at, receiver: (at) => at - 1000 },
    );
    expect(told).toEqual({ sent: [100, 110, 120], arrived: [101, undefined, 125] });
  });

  it("counts what was sent in a period and what of it arrived", () => {
    const some = stream(1, 1, undefined, undefined, 1);
    expect(countIn(some, { from: 1010, to: 1040 })).toEqual({ sent: 3, arrived: 1 });
    expect(countIn(some, { from: 5000, to: 6000 })).toEqual({ sent: 0, arrived: 0 });
  });

  it("stands still from the first datagram that is lost until the next one that is not", () => {
    expect(longestGap(stream(1, undefined, undefined, 2, 1), always, 9000)).toEqual({ ms: 22, from: 1010 });
  });

  it("stands still while bytes wait, though they all arrive", () => {
    expect(longestGap(stream(1, 80, 70, 60, 1), always, 9000)).toEqual({ ms: 31, from: 1010 });
    expect(longestGap(stream(1, 1, 80, 70), always, 9000)).toEqual({ ms: 80, from: 1020 });
  });

  it("stands still until it is looked at, where nothing arrives any more", () => {
    expect(longestGap(stream(1, undefined, undefined), always, 1500)).toEqual({ ms: 490, from: 1010 });
  });

  it("has no gap where nothing was sent", () => {
    expect(longestGap(stream(), always, 1500)).toBeUndefined();
    expect(longestGap(stream(1, 1), { from: 2000, to: 3000 }, 3000)).toBeUndefined();
  });

  it("falls silent with the line after the last one that arrived", () => {
    const closed = stream(1, 1, undefined, 1, undefined, undefined);
    expect(silentFrom(closed, always)).toBe(1040);
    expect(silentFrom(closed, { from: 1000, to: 1020 })).toBe(1020);
    expect(silentFrom(closed, { from: 1035, to: 1100 })).toBe(1035);
  });

  it("tells when what got through last was sent", () => {
    expect(lastThrough(stream(1, undefined, 1, undefined))).toBe(1020);
    expect(lastThrough(stream(undefined))).toBeUndefined();
  });
});
