import { expect, test } from "vitest";
import { allEnded } from "./all-ended.ts";

test("what all of them come to is given in their order", async () => {
  const late = Promise.withResolvers<string>();
  const both = allEnded([late.promise, Promise.resolve("at once")]);
  late.resolve("late");
  expect(await both).toEqual(["late", "at once"]);
});

test("a failure is told once the others have ended, and of two the one that stands first", async () => {
  const late = Promise.withResolvers<string>();
  let told = false;
  const both = allEnded([late.promise, Promise.reject(new Error("at once"))]).finally(() => {
    told = true;
  });
  const judged = expect(both).rejects.toThrow("late");
  await new Promise(setImmediate);
  expect(told).toBe(false);
  late.reject(new Error("late"));
  await judged;
});
