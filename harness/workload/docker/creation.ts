import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { didNotCome } from "#harness/core/errors.ts";

/** What an engine is being asked to make, and how it goes. */
export interface Creation {
  readonly what: string;
  /** The engine's answer. */
  readonly answer: Promise<unknown>;
  /** Removes it by its name. Resolves to whether it was there. */
  readonly remove: () => Promise<boolean>;
  /** For how long the engine may still work on it when the connection was lost; default 5000 ms. */
  readonly appearMs?: number;
}

/**
 * Registers the removal while the engine still works on the creation: when the scope closes meanwhile, the thing must not stay. What
 * the engine refused is not there. Where its answer was lost, nobody knows; then the thing is looked for.
 */
export function deferRemoval(scope: Scope, { what, answer, remove, appearMs = 5_000 }: Creation): void {
  const state = answer.then(
    () => "made" as const,
    (error: { statusCode?: number }) => (error.statusCode === undefined ? "unknown" : "refused"),
  );
  scope.defer(what, async () => {
    switch (await state) {
      case "refused":
        return;
      case "made":
        await remove();
        return;
      case "unknown":
        await removeIfMade(what, remove, appearMs);
    }
  });
}

async function removeIfMade(what: string, remove: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  try {
    await until({ what: `${what} to be there, of which no answer came`, deadlineMs }, remove);
  } catch (error) {
    // Without a cause every look found nothing: it was not made.
    if (!didNotCome(error)) throw error;
  }
}

/** Whether something was there to be removed; resolves to false where the engine does not know it. */
export async function removed(removal: Promise<unknown>): Promise<boolean> {
  try {
    await removal;
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    return false;
  }
}
