import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { NoRoute, uniqueMarker } from "#harness/host/agent/agent.ts";
import { refusesToSend } from "#harness/host/agent/reach.ts";
import type { Probe } from "#harness/observe/hop/hop.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { failureOf } from "#harness/observe/second-look/failure.ts";
import { viewHere } from "#harness/observe/second-look/view.ts";
import { attempt } from "./control.ts";

export interface ProbeExpectation<T, A extends T> {
  who: string;
  /** What must be seen, in words. */
  expected: string;
  deadlineMs: number;
  /** The command by which a person sees it, where there is one. */
  byHand?: ByHand;
  /** Looks once; what it sends carries the marker. */
  look: (marker: string) => Promise<T>;
  /** What the look sends, where it asks whether something is reached. */
  probe?: Omit<Probe, "again" | "marker">;
  accept: (seen: T) => seen is A;
  describe: (seen: T) => string;
}

/** Notes that what was to be kept from a target did not even leave its sender: so it is kept from it, though not on the way. */
export function tellUnsent(from: { readonly name: string }, to: string): void {
  viewHere()?.tell(`${from.name} does not reach ${to} because ${refusesToSend}`);
}

/**
 * Looks until what is seen is accepted. When the deadline passes first: a `Nonconformance` with the last thing seen, where a
 * missing route counts as seen. Any other error of the probe is thrown at once.
 */
export async function untilSeen<T, A extends T>(expectation: ProbeExpectation<T, A>): Promise<A> {
  const { who, expected, deadlineMs, byHand, look, probe, accept, describe } = expectation;
  let last = "nothing";
  const watch = async (): Promise<{ seen: A } | { error: unknown } | undefined> => {
    const made = await attempt(() => look(uniqueMarker()));
    if ("error" in made) {
      if (!(made.error instanceof NoRoute)) return made;
      last = "no route to it in the client's namespace";
      return undefined;
    }
    last = describe(made.seen);
    return accept(made.seen) ? { seen: made.seen } : undefined;
  };
  const found = await until({ what: `${who}: ${expected}`, deadlineMs }, watch).catch(
    async (error: unknown) => {
      if (!(error instanceof DeadlineExceeded)) throw error;
      const marker = uniqueMarker();
      throw await failureOf({
        who,
        expected,
        got: `${last} after ${deadlineMs} ms`,
        ...(byHand ? { byHand } : {}),
        ...(probe ? { probe: { ...probe, marker, again: () => look(marker) } } : {}),
      });
    },
  );
  if ("error" in found) throw found.error;
  return found.seen;
}
