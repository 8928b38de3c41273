import type { FlipLine, Judged } from "./record.ts";

/** How often a requirement was judged, and how often otherwise than usual. */
export interface Steadiness {
  readonly runs: number;
  readonly flips: number;
}

/** The same on machines that were quiet, and on those that were busy. */
export interface Standing {
  readonly requirement: string;
  readonly quiet: Steadiness;
  readonly busy: Steadiness;
}

/** Load for each processor up to which a machine is quiet. A run that does not tell its load was on a busy one. */
export const quietLoad = 2;
/** On a busy machine one flip in so many runs is within the budget; on a quiet one none is. */
export const runsPerBusyFlip = 500;
/** So many runs without a flip, quiet and busy ones together, until a requirement can be promoted. */
export const cleanRuns = 200;

/**
 * How steady each requirement is. What must end alike are all rounds of one suite on one target with one plugin: a flip is a
 * round that ended otherwise than most of these.
 */
export function standingsIn(lines: readonly FlipLine[]): Standing[] {
  const standings = new Map<string, Standing>();
  for (const group of Map.groupBy(lines, ({ same }) => same).values()) {
    for (const requirement of new Set(group.flatMap(({ ended }) => Object.keys(ended)))) {
      const usual = usualIn(group, requirement);
      for (const { ended, load, cpus } of group) {
        const counts = Object.entries(ended[requirement] ?? {});
        const runs = counts.reduce((sum, [, times]) => sum + times, 0);
        const flips = runs - (ended[requirement]?.[usual] ?? 0);
        const kind = load !== null && load <= quietLoad * cpus ? "quiet" : "busy";
        const before = standings.get(requirement) ?? { requirement, quiet: none, busy: none };
        standings.set(requirement, { ...before, [kind]: add(before[kind], { runs, flips }) });
      }
    }
  }
  return [...standings.values()];
}

const none: Steadiness = { runs: 0, flips: 0 };

function add(one: Steadiness, other: Steadiness): Steadiness {
  return { runs: one.runs + other.runs, flips: one.flips + other.flips };
}

function usualIn(group: readonly FlipLine[], requirement: string): Judged {
  const times = (outcome: Judged) =>
    group.reduce((sum, { ended }) => sum + (ended[requirement]?.[outcome] ?? 0), 0);
  const [usual = "passed"] = (["passed", "failed", "error"] as const).toSorted((a, b) => times(b) - times(a));
  return usual;
}

/** Whether a requirement flips more often than it may. */
export function isOverBudget({ quiet, busy }: Standing): boolean {
  return quiet.flips > 0 || busy.flips > Math.max(1, Math.floor(busy.runs / runsPerBusyFlip));
}

/** Why a requirement cannot be promoted yet; `undefined` where it can. */
export function whyNotYet({ quiet, busy }: Standing): string | undefined {
  const { runs, flips } = add(quiet, busy);
  if (flips > 0) return `${flips} of ${runs} runs ended otherwise than the others`;
  return runs < cleanRuns ? `${runs} runs of ${cleanRuns} that it takes` : undefined;
}
