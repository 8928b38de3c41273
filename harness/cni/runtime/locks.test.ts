import { expect, test } from "vitest";
import { OperationLocks } from "./locks.ts";

/** Work that ends when told, and a log of who began and ended. */
function controlled() {
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    log.push(`${name} ends`);
  };
  const end = async (name: string) => {
    await expect.poll(() => ends.has(name)).toBe(true);
    ends.get(name)?.();
  };
  return { log, work, end };
}

test("operations on one container take turns, those on another do not wait (line 24)", async () => {
  const { log, work, end } = controlled();
  const locks = new OperationLocks();
  const first = locks.forContainer("a", work("first of a"));
  const second = locks.forContainer("a", work("second of a"));
  const other = locks.forContainer("b", work("b"));
  await end("b");
  await other;
  expect(log).not.toContain("second of a begins");
  await end("first of a");
  await end("second of a");
  await Promise.all([first, second]);
  expect(log.filter((line) => line.includes("of a"))).toEqual([
    "first of a begins",
    "first of a ends",
    "second of a begins",
    "second of a ends",
  ]);
});

test("a GC waits for what runs, and what comes later waits for the GC (line 24)", async () => {
  const { log, work, end } = controlled();
  const locks = new OperationLocks();
  const before = locks.forContainer("a", work("before"));
  const gc = locks.exclusively(work("GC"));
  const after = locks.forContainer("b", work("after"));
  await end("before");
  await end("GC");
  await end("after");
  await Promise.all([before, gc, after]);
  expect(log).toEqual(["before begins", "before ends", "GC begins", "GC ends", "after begins", "after ends"]);
});

test("a failed operation does not block the next", async () => {
  const locks = new OperationLocks();
  await expect(locks.forContainer("a", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  await expect(locks.forContainer("a", async () => "done")).resolves.toBe("done");
  await expect(locks.exclusively(async () => "collected")).resolves.toBe("collected");
});
