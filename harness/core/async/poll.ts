import { setTimeout as delay } from "node:timers/promises";
import { DeadlineExceeded, HostUnreachable } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";

export interface Deadline {
  /** What is being waited for, as the error names it: "dockerd to answer on node1". */
  what: string;
  /** `PATIENCE` makes it longer. */
  deadlineMs: number;
  /** Pause between two looks; default 50 ms. */
  everyMs?: number;
}

/**
 * Looks again and again until `condition` yields something other than `undefined`/`false`, and returns it.
 * The only waiting loop in the project. Throws `DeadlineExceeded` with the last thing seen
 * (the last error of `condition`, or what `describe` says); `HostUnreachable` passes through at once.
 */
export async function until<T>(
  deadline: Deadline,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  describe: () => string = () => "",
): Promise<T> {
  const start = performance.now();
  const deadlineMs = scaled(deadline.deadlineMs);
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
      lastError = undefined;
    } catch (error) {
      if (error instanceof HostUnreachable) throw error;
      lastError = error;
    }
    const waited = performance.now() - start;
    if (waited >= deadlineMs) {
      const seen = describe() || (lastError instanceof Error ? lastError.message : "");
      throw new DeadlineExceeded(
        `waited ${Math.round(waited)} ms for ${deadline.what}${seen ? `; last seen: ${seen}` : ""}`,
        { cause: lastError },
      );
    }
    await delay(Math.min(deadline.everyMs ?? 50, Math.max(1, deadlineMs - waited)));
  }
}

/** Races `work` against a named deadline; used where the work itself cannot be polled. */
export async function within<T>(deadline: Deadline, work: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const deadlineMs = scaled(deadline.deadlineMs);
  const timer = delay(deadlineMs, undefined, { signal: abort.signal, ref: false }).then(() => {
    throw new DeadlineExceeded(`waited ${deadlineMs} ms for ${deadline.what}`);
  });
  timer.catch(() => {});
  try {
    return await Promise.race([work, timer]);
  } finally {
    abort.abort();
  }
}
