import { expect, test } from "vitest";
import { canTell, isLonger } from "./beyond-chance.ts";

const spread = (count: number, from: number, to: number) =>
  Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1));

test("times that are all so many times as long are longer, and those that are a little longer are not", () => {
  expect(isLonger(spread(30, 20, 25), spread(30, 39, 45), { times: 1.5, limit: 50 })).toBe(true);
  expect(isLonger(spread(30, 20, 25), spread(30, 26, 31), { times: 1.5, limit: 50 })).toBe(false);
  expect(isLonger(spread(30, 26, 31), spread(30, 20, 25), { times: 1.5, limit: 50 })).toBe(false);
});

test("times that are the same are not longer, nor are a few that are very long", () => {
  const before = spread(30, 20, 60);
  expect(isLonger(before, before, { times: 1.5, limit: 90 })).toBe(false);
  expect(isLonger(before, [...before.slice(4), 900, 900, 900, 900], { times: 1.5, limit: 90 })).toBe(false);
});

test("many that are very long are longer, where most are as before", () => {
  const before = spread(200, 20, 60);
  expect(
    isLonger(before, [...before.slice(0, 185), ...spread(15, 300, 400)], { times: 1.5, limit: 90 }),
  ).toBe(true);
});

test("too few can never be told apart", () => {
  expect(canTell(3)).toBe(false);
  expect(canTell(20)).toBe(true);
});

test("of samples of the same times few differ", () => {
  // A generator of its own, so that the test is the same each time.
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const sample = () => Array.from({ length: 30 }, () => 20 - 10 * Math.log(random()));
  const differ = Array.from({ length: 1_000 }, () =>
    isLonger(sample(), sample(), { times: 1, limit: 60 }),
  ).filter(Boolean);
  expect(differ.length).toBeLessThan(5);
});
