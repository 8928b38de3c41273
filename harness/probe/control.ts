import { Nonconformance, ProbeFailed } from "#harness/errors.ts";
import { until } from "#harness/poll.ts";

/**
 * Runs a negative check between two sights of its positive control: a "must not reach" that was seen while
 * nothing reached anything would prove nothing. A control that fails is a `ProbeFailed` (outcome `error`).
 */
export async function besideControl<T>(control: () => Promise<unknown>, negative: () => Promise<T>): Promise<T> {
  await seeControl("before", control);
  const result = await negative();
  await seeControl("after", control);
  return result;
}

async function seeControl(when: "before" | "after", control: () => Promise<unknown>): Promise<void> {
  try {
    await control();
  } catch (error) {
    if (!(error instanceof Nonconformance)) throw error;
    throw new ProbeFailed(`the positive control failed ${when} the negative check\n${error.message}`, {
      cause: error,
      hint: "the negative check was not judged; make what the control asks for work first",
    });
  }
}

export interface ObservationWindow {
  /** Milliseconds during which the state must hold without a break; default 1000. */
  windowMs?: number;
  /** Milliseconds the state may take to come about first; default 0: it must hold at once. */
  settleMs?: number;
}

export type Observation<T> = { held: true; last: T } | { held: false; seen: T; afterMs: number };

/** Looks again and again; the state must hold for the whole window, which ends with a look that holds. */
export async function observe<T>(
  what: string,
  window: ObservationWindow,
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
): Promise<Observation<T>> {
  const { windowMs = 1_000, settleMs = 0 } = window;
  const start = performance.now();
  let holdsSince: number | undefined;
  return until<Observation<T>>({ what, deadlineMs: settleMs + windowMs + 60_000 }, async () => {
    const lookedAt = performance.now();
    const seen = await look();
    const now = performance.now();
    if (!holds(seen)) {
      holdsSince = undefined;
      return now - start >= settleMs && { held: false, seen, afterMs: Math.round(now - start) };
    }
    holdsSince ??= lookedAt;
    return now - holdsSince >= windowMs && { held: true, last: seen };
  });
}
