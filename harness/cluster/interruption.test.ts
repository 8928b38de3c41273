import { afterEach, expect, it, vi } from "vitest";
import { progressOn } from "#harness/core/async/progress.ts";
import { keepingSignals } from "./interruption.ts";

const ours = () => {};
const theirs = () => {};

afterEach(() => {
  for (const listener of [ours, theirs]) process.off("SIGINT", listener);
});

it("leaves signals to those who handled them before work that handles them for itself", async () => {
  process.on("SIGINT", ours);
  const result = await keepingSignals(async () => {
    process.once("SIGINT", theirs);
    return "started";
  });
  expect(result).toBe("started");
  expect(process.listeners("SIGINT")).toContain(ours);
  expect(process.listeners("SIGINT")).not.toContain(theirs);
});

it("does so also where such work overlaps, and where it fails", async () => {
  process.on("SIGINT", ours);
  const end = Promise.withResolvers<void>();
  const one = keepingSignals(async () => {
    process.once("SIGINT", theirs);
    await end.promise;
    throw new Error("does not start");
  });
  const other = keepingSignals(async () => end.resolve());
  await expect(one).rejects.toThrow("does not start");
  await other;
  expect(process.listeners("SIGINT")).toContain(ours);
  expect(process.listeners("SIGINT")).not.toContain(theirs);
});

it("knows what is to be removed of every target, though vitest gives each of them modules of its own", async () => {
  const removed: string[] = [];
  const progress = progressOn(process.stderr);
  vi.resetModules();
  const one = await import("./interruption.ts");
  vi.resetModules();
  const other = await import("./interruption.ts");
  expect(other).not.toBe(one);
  one.removeWhenInterrupted("first", async () => {
    removed.push("first");
    // As a cluster that was still coming up.
    one.removeWhenInterrupted("late", async () => removed.push("late"));
  });
  other.removeWhenInterrupted("second", async () => removed.push("second"));
  await other.removeEverything(progress);
  expect(removed).toEqual(["second", "first", "late"]);
});
