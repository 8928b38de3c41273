import { createHash } from "node:crypto";
import { until } from "#harness/core/async/poll.ts";
import { takeTurn } from "./turn.mjs";

/**
 * Runs `work` while no other process on this machine holds the lock of that name. The kernel gives it up the moment its
 * holder dies, so none is ever stale.
 * Throws `DeadlineExceeded` when another process keeps it for longer than `deadlineMs`.
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  { what = name, deadlineMs = 15 * 60_000 }: { what?: string; deadlineMs?: number } = {},
): Promise<T> {
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 32);
  const giveBack = await until({ what: `another process to finish ${what}`, deadlineMs, everyMs: 100 }, () =>
    takeTurn(digest),
  );
  try {
    return await work();
  } finally {
    await giveBack();
  }
}
