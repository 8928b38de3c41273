import type { Outcome } from "#harness/conformance/outcome.ts";
import type { Selection } from "#harness/conformance/run/selection.ts";
import type { Statement, SuiteError } from "./schema.ts";
import type { Observation, RunRecord } from "./statement.ts";

/** What one of several runs of the same tests has shown. */
export interface Round {
  readonly observations: readonly Observation[];
  readonly errors: readonly SuiteError[];
  /** Why it is not complete; empty when it is. */
  readonly incompleteBecause: readonly string[];
}

/** What all rounds together have shown, of which none may be missing. */
export function joinRounds(
  rounds: readonly Round[],
  { rounds: planned, seed }: Selection,
): Pick<RunRecord, "observations" | "errors" | "incompleteBecause" | "rounds" | "seed"> {
  const repeated = planned > 1;
  const named = (text: string, index: number) => (repeated ? `round ${index + 1}: ${text}` : text);
  const missing = planned - rounds.length;
  return {
    observations: rounds.flatMap(({ observations }, index) =>
      observations.map((one) => (repeated ? { ...one, round: index + 1 } : one)),
    ),
    errors: rounds.flatMap(({ errors }, index) =>
      errors.map((error) => ({ ...error, where: named(error.where, index) })),
    ),
    incompleteBecause: [
      ...rounds.flatMap(({ incompleteBecause }, index) =>
        incompleteBecause.map((text) => named(text, index)),
      ),
      ...(missing > 0 ? [`${missing} of ${planned} rounds did not run`] : []),
    ],
    ...(repeated ? { rounds: planned } : {}),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** A requirement whose outcome was not the same in every round. */
export interface Flip {
  readonly target: string;
  readonly requirement: string;
  /** By round. */
  readonly outcomes: readonly Outcome[];
}

/** The requirements of a repeated run that did not end the same in every round. */
export function flipsOf({ targets }: Pick<Statement, "targets">): Flip[] {
  return targets.flatMap(({ name, results }) =>
    results.flatMap(({ requirement, rounds: outcomes = [] }) =>
      new Set(outcomes).size > 1 ? [{ target: name, requirement, outcomes }] : [],
    ),
  );
}
