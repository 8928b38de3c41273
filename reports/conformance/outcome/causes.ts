import type { Outcome } from "#harness/conformance/outcome.ts";
import { type Cause, type CauseKind, causeId } from "#harness/core/failure/cause.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import {
  type CausedOutcome,
  type CauseStatement,
  causedOutcomes,
  type RequirementResult,
  type TargetStatement,
} from "#reports/conformance/schema.ts";

/** What is known of a test that did not pass. */
interface Ended {
  outcome: Outcome;
  reason?: string | undefined;
  cause?: Cause | undefined;
}

/** Whether a test that ended so has a cause to tell. */
export function isCaused(outcome: Outcome): outcome is CausedOutcome {
  return (causedOutcomes as readonly Outcome[]).includes(outcome);
}

/** The cause of a failure: the one that it names, else its own first line, which others may have as well. */
export function causeOfEnd({ outcome, reason = "", cause }: Ended): (Cause & { id: string }) | undefined {
  if (!isCaused(outcome)) return undefined;
  const own: Cause = cause ?? { kind: "same words", what: firstLineOf(reason) };
  return { ...own, id: causeId(own) };
}

/** What one test adds to the causes of its target. */
export interface Failure extends Ended {
  requirement: string;
  evidence?: readonly string[] | undefined;
  reproduce?: string | undefined;
}

/**
 * The causes of a target's failures, each once, in the order in which they were first seen; so are their requirements. A failure that says the
 * cause itself comes before those that follow from it.
 */
export function statesOfCauses(failures: readonly Failure[]): CauseStatement[] {
  const causes = new Map<string, CauseStatement>();
  for (const failure of failures) {
    const cause = causeOfEnd(failure);
    if (!cause || !isCaused(failure.outcome)) continue;
    const known = causes.get(cause.id);
    const { reason = cause.what } = failure;
    if (!known || (follows(known) && !follows({ ...cause, reason }))) {
      const others = known?.requirements.filter((id) => id !== failure.requirement) ?? [];
      causes.set(cause.id, {
        ...cause,
        outcome: failure.outcome,
        reason,
        requirements: [failure.requirement, ...others],
        evidence: [...(failure.evidence ?? [])],
        ...(failure.reproduce === undefined ? {} : { reproduce: failure.reproduce }),
      });
    } else if (!known.requirements.includes(failure.requirement)) {
      known.requirements.push(failure.requirement);
    }
  }
  return [...causes.values()];
}

/** Kinds of which the first line of a failure is the cause, unless that failure follows from another one. */
const saidByFailure: readonly CauseKind[] = ["same words", "call left out"];

/** Whether a failure is told under the words of another one. */
function follows({ kind, what, reason }: Pick<CauseStatement, "kind" | "what" | "reason">): boolean {
  return saidByFailure.includes(kind) && firstLineOf(reason) !== what;
}

/** The causes of a target; of one whose statement is older than causes, by what its requirements say. */
export function causesOf({ causes, results }: Pick<TargetStatement, "causes" | "results">): CauseStatement[] {
  return causes ?? statesOfCauses(results);
}

/** What the test says that it shows, the first one of the requirement that failed for this cause; without a name of its own, the rule. */
export function titleOfFailed(
  { requirement, title, tests }: Pick<RequirementResult, "requirement" | "title" | "tests">,
  { id }: Pick<CauseStatement, "id">,
): string {
  const failed = tests.find(({ cause }) => cause === id);
  const own = failed?.name.replace(new RegExp(`^${requirement}\\b\\s*`), "");
  return own || title;
}

/** The causes of two parts of one target. */
export function mergeCauses(
  one: readonly CauseStatement[] = [],
  other: readonly CauseStatement[] = [],
): CauseStatement[] {
  const merged = new Map(one.map((cause) => [cause.id, cause]));
  for (const cause of other) {
    const known = merged.get(cause.id);
    const requirements = [...new Set([...(known?.requirements ?? []), ...cause.requirements])];
    merged.set(cause.id, { ...(known ?? cause), requirements });
  }
  return [...merged.values()];
}

/** A cause that a requirement shares with one that comes before it: there it is told. */
export function toldBefore(
  { causes = [] }: Pick<TargetStatement, "causes">,
  result: RequirementResult,
): CauseStatement | undefined {
  const [first] = result.causes ?? [];
  const cause = causes.find(({ id }) => id === first);
  return cause && cause.requirements[0] !== result.requirement ? cause : undefined;
}

/** `the same cause as M1: FIRST LINE`. */
export function referTo({ requirements, what }: Pick<CauseStatement, "requirements" | "what">): string {
  return `the same cause as ${requirements[0]}: ${what}`;
}
