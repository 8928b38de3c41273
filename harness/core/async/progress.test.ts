import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { progressOn } from "./progress.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function listen(): { text: () => string; stream: PassThrough } {
  const stream = new PassThrough();
  return { stream, text: () => String(stream.read() ?? "") };
}

test("a quick step says nothing", async () => {
  const { stream, text } = listen();
  expect(await progressOn(stream).step("looking", () => 42)).toBe(42);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(text()).toBe("");
});

test("a slow step says what it does, the elapsed time with the detail, and its end", async () => {
  const { stream, text } = listen();
  const work = Promise.withResolvers<void>();
  const step = progressOn(stream).step("building", async (detail) => {
    detail("fetching packages");
    await work.promise;
  });
  await vi.advanceTimersByTimeAsync(12_500);
  work.resolve();
  await step;
  expect(text()).toBe("building …\nbuilding: 12.0 s, fetching packages\nbuilding: done in 12.5 s\n");
});

test("a step is silent for as long as it may be", async () => {
  const { stream, text } = listen();
  const work = Promise.withResolvers<void>();
  const step = progressOn(stream).step("proving", () => work.promise, { quietMs: 30_000 });
  await vi.advanceTimersByTimeAsync(29_999);
  expect(text()).toBe("");
  await vi.advanceTimersByTimeAsync(10_001);
  work.resolve();
  await step;
  expect(text()).toBe("proving …\nproving: 40.0 s\nproving: done in 40.0 s\n");
});

test("a step that fails passes its error on", async () => {
  const { stream, text } = listen();
  const step = progressOn(stream).step(
    "installing",
    () => {
      throw new Error("no space");
    },
    { announce: true },
  );
  await expect(step).rejects.toThrow("no space");
  expect(text()).toBe("installing …\ninstalling: failed after 0.0 s\n");
});
