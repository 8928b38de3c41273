import { expect, test } from "vitest";
import { shuffled } from "./random.ts";

const items = Array.from({ length: 20 }, (_, index) => index);

test("the same seed and name give the same order, of all items", () => {
  expect(shuffled(items, 7, "basics")).toEqual(shuffled(items, 7, "basics"));
  expect(shuffled(items, 7, "basics").toSorted((a, b) => a - b)).toEqual(items);
});

test("another seed or another name gives another order", () => {
  expect(shuffled(items, 8, "basics")).not.toEqual(shuffled(items, 7, "basics"));
  expect(shuffled(items, 7, "multihost")).not.toEqual(shuffled(items, 7, "basics"));
});
