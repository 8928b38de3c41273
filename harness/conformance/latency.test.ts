import { expect, it } from "vitest";
import { quantileOf, tellLatency } from "./latency.ts";

const upTo = (last: number) => Array.from({ length: last }, (_, index) => last - index);

it("tells the sample that half of all, and 99 of 100, do not exceed", () => {
  expect(quantileOf(upTo(100), 0.5)).toBe(50);
  expect(quantileOf(upTo(100), 0.99)).toBe(99);
  expect(quantileOf(upTo(20), 0.99)).toBe(20);
  expect(quantileOf([7], 0.5)).toBe(7);
});

it("makes facts of samples, and none of no samples", () => {
  const facts: Record<string, unknown> = {};
  const fact = (name: string, value: unknown) => {
    facts[name] = value;
  };
  tellLatency(fact, "first-name", []);
  expect(facts).toEqual({});
  tellLatency(fact, "policy", [12.4, 80.6, 11]);
  expect(facts).toEqual({ "policy p50 ms": 12, "policy p99 ms": 81, "policy samples": 3 });
});
