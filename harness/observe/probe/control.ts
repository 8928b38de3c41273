import { until } from "#harness/core/async/poll.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";

/**
 * Runs a negative check between two sights of its positive control: a "must not reach" that was seen while
 * nothing reached anything would prove nothing. A control that fails is a `ProbeFailed` (outcome `error`).
 */
export async function besideControl<T>(
  control: () => Promise<unknown>,
  negative: () => Promise<T>,
): Promise<T> {
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
  /** Milliseconds until the positive control must be seen, each time; default 10 000. */
  controlDeadlineMs?: number;
  /** Milliseconds during which the state must hold without a break; default 1000. */
  windowMs?: number;
  /** Milliseconds the state may take to come about first; default 0: it must hold at once. */
  settleMs?: number;
}

/** The deadline of the positive control as an option of a positive check. */
export function deadlineOf(window: ObservationWindow): { deadlineMs: number } {
  return { deadlineMs: window.controlDeadlineMs ?? 10_000 };
}

export type WindowResult<T> = { held: true; last: T } | { held: false; seen: T; afterMs: number };

/** Looks again and again; the state must hold for the whole window, which ends with a look that holds. */
export async function observe<T>(
  what: string,
  window: ObservationWindow,
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
): Promise<WindowResult<T>> {
  const { windowMs = 1_000, settleMs = 0 } = window;
  const start = performance.now();
  let holdsSince: number | undefined;
  const observed = await until({ what, deadlineMs: settleMs + windowMs + 60_000 }, async () => {
    const lookedAt = performance.now();
    const made = await attempt(look);
    if ("error" in made) return made;
    const now = performance.now();
    if (!holds(made.seen)) {
      holdsSince = undefined;
      return now - start >= settleMs && { held: false as const, ...made, afterMs: Math.round(now - start) };
    }
    holdsSince ??= lookedAt;
    return now - holdsSince >= windowMs && { held: true as const, last: made.seen };
  });
  if ("error" in observed) throw observed.error;
  return observed;
}

/** The value or the error of one look, so that a polling loop can tell "not yet" from "cannot look". */
export async function attempt<T>(look: () => Promise<T>): Promise<{ seen: T } | { error: unknown }> {
  try {
    return { seen: await look() };
  } catch (error) {
    return { error };
  }
}
