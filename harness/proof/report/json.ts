import { median } from "#harness/core/figures/statistics.ts";
import type { CaseResult, FaultCase } from "#harness/proof/case.ts";
import { describePlace } from "#harness/proof/fault.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

/** What a mutation run came to, and what it was. */
export interface MutationRun {
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Engine version of the clusters. */
  readonly engine: string;
  readonly cases: readonly FaultCase[];
  /** In the order in which they ended. A case that could not be run has none. */
  readonly results: readonly CaseResult[];
  readonly unproved: readonly RequirementId[];
}

/** The mutation run as `prove.json` keeps it. */
export function toJson({ startedAt, durationMs, engine, cases, results, unproved }: MutationRun) {
  const ran = new Set(results.map((result) => result.case));
  return {
    schemaVersion: 2,
    startedAt: startedAt.toISOString(),
    durationMs,
    engine,
    cases: results.map(({ case: one, ...result }) => ({ ...flatten(one), ...result })),
    notRun: cases.filter((one) => !ran.has(one)).map(flatten),
    unproved,
    looks: summarizeLooks(results),
  };
}

/** How long the failures of a test were looked into before they were told; `undefined` where none were. */
export function summarizeLooks(
  results: readonly CaseResult[],
): { tests: number; medianMs: number; longestMs: number } | undefined {
  const all = results.flatMap(({ lookedIntoMs = [] }) => lookedIntoMs);
  if (all.length === 0) return undefined;
  return { tests: all.length, medianMs: median(all), longestMs: Math.max(...all) };
}

function flatten({ name, on, fault, mend, time }: FaultCase) {
  const { breaks = "nothing", why = "", detectedBy = [], outcome, mayFollow = [] } = fault ?? {};
  return {
    tier: on.tier,
    name,
    on: describePlace(on),
    breaks,
    why,
    detectedBy,
    outcome,
    mayFollow,
    mend,
    time,
  };
}
