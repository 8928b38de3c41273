import type { Outcome } from "#harness/conformance/outcome.ts";
import type {
  ProfileResult,
  ProfileVerdict,
  RequirementResult,
  Statement,
  Tally,
} from "#reports/conformance/schema.ts";

/**
 * Outcomes from the one that weighs most to the one that weighs least. What a test has shown is not lost because another test
 * of the same requirement needs what the driver does not declare.
 */
export const worstFirst = [
  "failed",
  "error",
  "engine at fault",
  "blocked",
  "not run",
  "passed",
  "unsupported",
] as const;

/** The outcome that counts when several tests cite one requirement; `not run` when none does. */
export function worstOf(outcomes: readonly Outcome[]): Outcome {
  return worstFirst.find((outcome) => outcomes.includes(outcome)) ?? "not run";
}

/** The outcome of one requirement in each of so many rounds. */
export function outcomesByRound(
  cited: readonly { readonly outcome: Outcome; readonly round?: number | undefined }[],
  rounds: number,
): Outcome[] {
  return Array.from({ length: rounds }, (_, index) =>
    worstOf(cited.filter(({ round }) => round === index + 1).map(({ outcome }) => outcome)),
  );
}

/** What counts of a result. */
type Counted = Pick<RequirementResult, "outcome" | "provisional">;

/** Counts the outcomes of what is not provisional. */
export function tallyOf(results: readonly Counted[]): Tally {
  const of = (wanted: Outcome) =>
    results.filter(({ outcome, provisional }) => outcome === wanted && !provisional).length;
  return {
    passed: of("passed"),
    failed: of("failed"),
    unsupported: of("unsupported"),
    blocked: of("blocked"),
    error: of("error"),
    engineAtFault: of("engine at fault"),
    notRun: of("not run"),
  };
}

/** The verdict on the requirements of one profile on one target; those that are provisional do not count. `cutShort`: the run did not get to its end. */
export function judgeProfile(
  profile: string,
  results: readonly RequirementResult[],
  cutShort: boolean,
): ProfileResult {
  const atLevel = (level: string) => results.filter((result) => result.level === level);
  const musts = atLevel("MUST").filter(({ provisional }) => !provisional);
  const count = (level: string) => tallyOf(atLevel(level));
  const told = atLevel("MUST");
  const because = musts.length === 0 ? explainProvisional(told) : explain(musts, cutShort);
  return {
    profile,
    verdict: musts.length === 0 ? verdictWithoutMust(told) : verdictOf(musts, cutShort),
    ...(because === "" ? {} : { because }),
    unsupported: musts
      .filter(({ outcome }) => outcome === "unsupported")
      .map(({ requirement }) => requirement),
    must: count("MUST"),
    should: count("SHOULD"),
    may: count("MAY"),
  };
}

/** Of a profile whose MUSTs are all provisional: whatever came out of them, it counts neither for the driver nor against it. */
function verdictWithoutMust(provisional: readonly RequirementResult[]): ProfileVerdict {
  const all = (outcome: Outcome) => provisional.every((must) => must.outcome === outcome);
  if (all("unsupported")) return "not applicable";
  return all("not run") ? "not run" : "incomplete";
}

function verdictOf(musts: readonly RequirementResult[], cutShort: boolean): ProfileVerdict {
  const all = (outcome: Outcome) => musts.every((must) => must.outcome === outcome);
  const any = (...outcomes: Outcome[]) => musts.some((must) => outcomes.includes(must.outcome));
  if (any("failed")) return "not conformant";
  if (all("not run")) return "not run";
  if (any("error", "engine at fault", "blocked", "not run")) return "incomplete";
  if (all("unsupported")) return "not applicable";
  if (cutShort) return "incomplete";
  return any("unsupported") ? "partial" : "conformant";
}

function explain(musts: readonly RequirementResult[], cutShort: boolean): string {
  const parts = worstFirst.flatMap((wanted) => {
    const ids = musts.filter(({ outcome }) => outcome === wanted).map(({ requirement }) => requirement);
    return wanted === "passed" || ids.length === 0 ? [] : [`${wanted}: ${ids.join(" ")}`];
  });
  if (cutShort) parts.push("the run was cut short");
  return parts.join("; ");
}

function explainProvisional(musts: readonly RequirementResult[]): string {
  const ids = musts.filter(({ outcome }) => outcome !== "unsupported").map(({ requirement }) => requirement);
  return ids.length === 0 ? "" : `provisional: ${ids.join(" ")}`;
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
