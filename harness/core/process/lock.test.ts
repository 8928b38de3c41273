import { expect, test } from "vitest";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { withLock } from "./lock.ts";

test("two holders of one lock take turns, also when the first fails", async () => {
  const name = `lock.test ${process.pid}`;
  const events: string[] = [];
  const first = withLock(name, async () => {
    events.push("first in");
    await new Promise(setImmediate);
    events.push("first out");
    throw new Error("first failed");
  });
  const second = withLock(name, async () => events.push("second in"));
  await expect(first).rejects.toThrow("first failed");
  await second;
  expect(events).toEqual(["first in", "first out", "second in"]);
});

test("waiting for a lock ends at its deadline and says for what", async () => {
  const name = `lock.test deadline ${process.pid}`;
  await withLock(name, async () => {
    const late = withLock(name, async () => {}, { what: "building an image", deadlineMs: 1 });
    await expect(late).rejects.toThrow(DeadlineExceeded);
    await expect(late).rejects.toThrow("another process to finish building an image");
  });
});
