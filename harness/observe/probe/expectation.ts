import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { NoRoute } from "#harness/host/agent/agent.ts";
import { attempt } from "./control.ts";

export interface ProbeExpectation<T, A extends T> {
  who: string;
  /** What must be seen, in words. */
  expected: string;
  deadlineMs: number;
  /** The command by which a person sees it. */
  evidence: string;
  look: () => Promise<T>;
  accept: (seen: T) => seen is A;
  describe: (seen: T) => string;
}

/**
 * Looks until what is seen is accepted. When the deadline passes first: a `Nonconformance` with the last thing seen, where a
 * missing route counts as seen. Any other error of the probe is thrown at once.
 */
export async function untilSeen<T, A extends T>(expectation: ProbeExpectation<T, A>): Promise<A> {
  const { who, expected, deadlineMs, evidence, look, accept, describe } = expectation;
  let last = "nothing";
  const watch = async (): Promise<{ seen: A } | { error: unknown } | undefined> => {
    const made = await attempt(look);
    if ("error" in made) {
      if (!(made.error instanceof NoRoute)) return made;
      last = "no route to it in the client's namespace";
      return undefined;
    }
    last = describe(made.seen);
    return accept(made.seen) ? { seen: made.seen } : undefined;
  };
  const found = await until({ what: `${who}: ${expected}`, deadlineMs }, watch).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw new Nonconformance({ who, expected, got: `${last} after ${deadlineMs} ms`, evidence });
  });
  if ("error" in found) throw found.error;
  return found.seen;
}
