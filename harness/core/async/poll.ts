import { DeadlineExceeded, HostUnreachable } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { LoadProbe } from "./starvation.ts";

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
 * (the last error of `condition`, or what `describe` says); `HostUnreachable` passes through at once. Throws `MachineStarved` where
 * this machine had no time to look.
 */
export async function until<T>(
  deadline: Deadline,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  describe: () => string = () => "",
): Promise<T> {
  const start = performance.now();
  const deadlineMs = scaled(deadline.deadlineMs);
  const probe = new LoadProbe();
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
      const starved = probe.blame(deadline.what, waited);
      if (starved) throw starved;
      const seen = describe() || (lastError instanceof Error ? lastError.message : "");
      throw new DeadlineExceeded(
        `waited ${Math.round(waited)} ms for ${deadline.what}${seen ? `; last seen: ${seen}` : ""}`,
        { cause: lastError },
      );
    }
    await probe.pause(Math.min(deadline.everyMs ?? 50, Math.max(1, deadlineMs - waited)));
  }
}

/** Parts of a deadline in which it is looked whether the machine has time for this process. */
const probes = 20;

/** Races `work` against a named deadline; used where the work itself cannot be polled. Throws as `until` does. */
export async function within<T>(deadline: Deadline, work: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const deadlineMs = scaled(deadline.deadlineMs);
  const timer = passing(deadline.what, deadlineMs, abort.signal);
  timer.catch(() => {});
  try {
    return await Promise.race([work, timer]);
  } finally {
    abort.abort();
  }
}

/** Rejects when the time has passed. */
async function passing(what: string, deadlineMs: number, signal: AbortSignal): Promise<never> {
  const probe = new LoadProbe();
  const start = performance.now();
  for (let left = deadlineMs; left > 0; left = deadlineMs - (performance.now() - start)) {
    await probe.pause(Math.max(1, Math.min(deadlineMs / probes, left)), { signal, ref: false });
  }
  throw (
    probe.blame(what, performance.now() - start) ??
    new DeadlineExceeded(`waited ${Math.round(deadlineMs)} ms for ${what}`)
  );
}
