import { expect, it } from "vitest";
import { fateOf } from "./fate.ts";
import type { Stream } from "./stream.ts";

/** Lines one millisecond apart from 0 on, and whether each arrived. */
const stream = (...arrived: boolean[]): Stream => ({
  sent: arrived.map((_, number) => number),
  arrived: arrived.map((there, number) => (there ? number + 1 : undefined)),
});
const [yes, no] = [Array<boolean>(10).fill(true), Array<boolean>(10).fill(false)];
const up = {};

/** Of what was sent after the first ten lines, to that time. */
const until = (to: number) => ({ from: 10, to });

it("is cut where nothing of the period arrived, whatever did before it", () => {
  expect(fateOf(stream(...yes, ...no), until(20), up)).toBe("cut");
});

it("is kept where a datagram in ten is lost, and not where more are", () => {
  expect(fateOf(stream(...yes, ...yes.slice(1), false), until(20), up)).toBe("kept");
  expect(fateOf(stream(...yes, ...yes.slice(2), false, false), until(20), up)).toBe("in part");
});

it("is not known where too little was sent, unless the connection has ended", () => {
  expect(fateOf(stream(...yes, ...no), until(14), up)).toBeUndefined();
  expect(fateOf(stream(...yes, ...yes), until(14), up)).toBeUndefined();
  expect(fateOf(stream(...yes), until(20), { ended: "ECONNRESET" })).toBe("cut");
});
