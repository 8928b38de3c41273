import { judgeProfile, tallyOf } from "#reports/conformance/outcome/verdict.ts";
import {
  causedOutcomes,
  type Statement,
  type Tally,
  type TargetStatement,
} from "#reports/conformance/schema.ts";
import { differs, type Finding, unless } from "#reports/verify/finding.ts";

/** Whether verdicts, causes and sums are what the results come to. */
export function checkVerdicts({ targets, summary, run }: Statement): Finding[] {
  const results = targets.flatMap((target) => target.results);
  return [
    ...checkTally("summary", tallyOf(results), summary),
    ...targets.flatMap((target) => [...checkProfiles(target, !run.complete), ...checkCauses(target)]),
  ];
}

function checkProfiles({ name, profiles, results }: TargetStatement, cutShort: boolean): Finding[] {
  const wanted = [...new Set(results.map(({ profile }) => profile))];
  return [
    ...differs(
      `targets.${name}.profiles`,
      wanted,
      profiles.map(({ profile }) => profile),
    ),
    ...profiles.flatMap((given) => {
      const field = `targets.${name}.profiles.${given.profile}`;
      const own = results.filter(({ profile }) => profile === given.profile);
      const judged = judgeProfile(given.profile, own, cutShort);
      return [
        ...differs(`${field}.verdict`, judged.verdict, given.verdict),
        ...differs(`${field}.because`, judged.because, given.because),
        ...differs(`${field}.unsupported`, judged.unsupported, given.unsupported),
        ...(["must", "should", "may"] as const).flatMap((level) =>
          checkTally(`${field}.${level}`, judged[level], given[level]),
        ),
      ];
    }),
  ];
}

/** Each cause took requirements that ended so, and each of these names it. */
function checkCauses({ name, causes = [], results }: TargetStatement): Finding[] {
  const named = new Set(results.flatMap((result) => result.causes ?? []));
  const known = new Set(causes.map(({ id }) => id));
  return [
    ...causes.flatMap(({ id, requirements }) => {
      const field = `targets.${name}.causes.${id}.requirements`;
      const wanted = results
        .filter((result) => result.causes?.includes(id))
        .map(({ requirement }) => requirement);
      return differs(field, [...wanted].sort(), [...requirements].sort());
    }),
    ...[...named]
      .filter((id) => !known.has(id))
      .map((id) => ({
        field: `targets.${name}.causes.${id}`,
        what: "expected this cause, which results name",
      })),
    ...results.flatMap(({ requirement, outcome, causes: own = [], tests }) =>
      unless(
        own.length === 0 ||
          tests.some((test) => (causedOutcomes as readonly string[]).includes(test.outcome)),
        `targets.${name}.results.${requirement}.causes`,
        `expected none of what is ${outcome}`,
      ),
    ),
  ];
}

/** Statements before 1.2 do not count what engines were at fault for. */
function checkTally(field: string, expected: Tally, got: Tally): Finding[] {
  return (Object.keys(expected) as (keyof Tally)[]).flatMap((key) =>
    differs(`${field}.${key}`, expected[key], got[key] ?? 0),
  );
}
