import type { Observation } from "#reports/conformance/statement.ts";
import { worstOf } from "#reports/conformance/verdict.ts";

/** What must turn red, and what may. */
export interface Expectation {
  readonly detectedBy: readonly string[];
  readonly mayFollow?: readonly string[];
  /** Texts that the failure must name. */
  readonly names?: readonly string[];
}

/** What a run of a chapter showed. */
export interface ChapterRun {
  readonly observations: readonly Observation[];
  /** Faults of the run itself, e.g. a test file that did not load. */
  readonly faults: readonly string[];
  readonly durationMs: number;
}

export interface Verdict {
  /** Requirements that turned red besides those that had to. */
  readonly followed: readonly string[];
  /** Why the fault proves nothing; empty when it was caught as it must be. */
  readonly problems: readonly string[];
}

/** Whether what had to turn red is `failed`, with the words it must name, and nothing else is red than may be. */
export function judge(expectation: Expectation, run: ChapterRun): Verdict {
  const of = (id: string) => run.observations.filter(({ requirement }) => requirement === id);
  const { detectedBy, mayFollow = [], names = [] } = expectation;
  const survived = detectedBy
    .filter((id) => worstOf(of(id).map(({ outcome }) => outcome)) !== "failed")
    .map((id) => `${id} had to fail${describeOutcome(of(id))}`);
  const said = detectedBy.flatMap(of).map(({ reason = "" }) => reason);
  const unsaid =
    survived.length > 0 ? [] : names.filter((name) => !said.some((reason) => reason.includes(name)));
  const red = run.observations.filter(
    ({ requirement, outcome }) =>
      !detectedBy.includes(requirement) && (outcome === "failed" || outcome === "error"),
  );
  const stray = red.filter(({ requirement }) => !mayFollow.includes(requirement));
  return {
    followed: [...new Set(red.map(({ requirement }) => requirement))],
    problems: [
      ...survived,
      ...unsaid.map((name) => `${detectedBy.join(" ")} failed without naming "${name}"`),
      ...stray.map(
        ({ requirement, outcome, reason }) => `${requirement} is ${outcome} too: ${start(reason)}`,
      ),
      ...run.faults,
    ],
  };
}

/** What keeps an untouched run from being green; requirements that do not apply here do not. */
export function faultsOfUntouched(run: ChapterRun): string[] {
  return [
    ...run.observations
      .filter(({ outcome }) => outcome === "failed" || outcome === "error" || outcome === "not run")
      .map(({ requirement, outcome, reason }) => `${requirement} is ${outcome}: ${start(reason)}`),
    ...run.faults,
    ...(run.observations.length === 0 ? ["no test ran"] : []),
  ];
}

/** What did not apply to a run, with the reason. */
export function notApplicable(run: ChapterRun): { requirement: string; outcome: string; reason: string }[] {
  return run.observations
    .filter(({ outcome }) => outcome === "blocked" || outcome === "unsupported")
    .map(({ requirement, outcome, reason = "" }) => ({ requirement, outcome, reason }));
}

function describeOutcome(observations: readonly Observation[]): string {
  if (observations.length === 0) return ", and no test of it ran";
  const worst = worstOf(observations.map(({ outcome }) => outcome));
  const reason = observations.find(({ outcome }) => outcome === worst)?.reason;
  return ` and is ${worst}${reason ? `: ${start(reason)}` : ""}`;
}

/** The start of a reason, which may go on with commands and their output. */
function start(text = ""): string {
  return text.split("\n").slice(0, 5).join("\n");
}
