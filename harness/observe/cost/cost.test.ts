import { expect, test } from "vitest";
import { costOf, joinCosts, type PartCost } from "./cost.ts";

const part = (of: string, seconds: number, peakBytes: number, atMost = false): PartCost => ({
  of,
  processor: { seconds },
  memory: { peakBytes, atMost },
});
const unmeasured: PartCost = {
  of: "node2",
  processor: { notMeasured: "no cpu.stat" },
  memory: { notMeasured: "no memory.peak" },
};

test("parts that worked side by side add up", () => {
  expect(costOf([part("worker", 1, 10), part("node1", 2, 20, true)])).toMatchObject({
    processor: { seconds: 3 },
    memory: { peakBytes: 30, atMost: true },
  });
});

test("a part that was not measured leaves the sum unmeasured, and says which one it was", () => {
  const { processor, memory, parts } = costOf([part("worker", 1, 10), unmeasured]);
  expect(processor).toEqual({ notMeasured: "node2: no cpu.stat" });
  expect(memory).toEqual({ notMeasured: "node2: no memory.peak" });
  expect(parts[0]).toEqual(part("worker", 1, 10));
});

test("of pieces of work one after the other times add up and the highest peak stays, one that was seen first", () => {
  const one = costOf([part("worker", 1, 30), part("node1", 4, 70)]);
  const other = costOf([part("worker", 2, 30, true), part("node1", 1, 70, true)]);
  expect(joinCosts([other, one])).toEqual({
    processor: { seconds: 8 },
    memory: { peakBytes: 100, atMost: false },
    parts: [part("worker", 3, 30), part("node1", 5, 70)],
  });
});

test("one of them that was not measured is not taken for nothing", () => {
  const joined = joinCosts([costOf([part("node2", 1, 10)]), costOf([unmeasured])]);
  expect(joined.processor).toEqual({ notMeasured: "node2: no cpu.stat" });
  expect(joined.parts[0]?.processor).toEqual({ notMeasured: "no cpu.stat" });
});

test("nothing at all is no figure", () => {
  expect(joinCosts([]).processor).toEqual({ notMeasured: "nothing ran" });
  expect(costOf([]).memory).toEqual({ notMeasured: "nothing ran" });
});
