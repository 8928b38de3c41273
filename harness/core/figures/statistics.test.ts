import { expect, test } from "vitest";
import { describeSpread, median, percentile } from "./statistics.ts";

test("medians and percentiles are values that were measured", () => {
  expect(median([30, 10, 20])).toBe(20);
  expect(median([4, 1, 3, 2])).toBe(2);
  expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBe(10);
  expect(percentile([5], 0)).toBe(5);
  expect(() => median([])).toThrow(RangeError);
});

test("a spread is told by its middle and its slowest hundredth", () => {
  expect(describeSpread(Array.from({ length: 200 }, (_, index) => index + 1))).toBe("p50 100 ms, p99 198 ms");
  expect(describeSpread([])).toBe("nothing was measured");
});
