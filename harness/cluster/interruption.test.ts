import { afterEach, expect, it } from "vitest";
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
