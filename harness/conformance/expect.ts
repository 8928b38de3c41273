import { isDeepStrictEqual } from "node:util";
import { Nonconformance } from "#harness/core/errors.ts";

/**
 * The smallest assertion of the suite: a fact about a node, a workload or a plugin is as expected.
 * Throws `Nonconformance` "who: expected what to be X, got Y", with `evidence` (commands, output) below it.
 */
export function expectFact<T>(who: string, what: string, got: T, expected: T, evidence?: string): void {
  if (isDeepStrictEqual(got, expected)) return;
  throw new Nonconformance({
    who,
    expected: `${what} to be ${show(expected)}`,
    got: show(got),
    evidence,
  });
}

/** Like `expectFact` for a condition that is no plain equality; `expected` and `got` are put into words by the caller. */
export function expectThat(
  holds: boolean,
  finding: { who: string; expected: string; got: string; evidence?: string },
): asserts holds {
  if (!holds) throw new Nonconformance(finding);
}

/** The value, or a failure that says what is missing. */
export function expectPresent<T>(
  value: T | undefined | null,
  finding: { who: string; expected: string; got: string; evidence?: string },
): T {
  if (value === undefined || value === null) throw new Nonconformance(finding);
  return value;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
