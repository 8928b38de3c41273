import Table from "cli-table3";
import { type CaseResult, type FaultCase, holds, isBlocked, titleOf } from "#harness/proof/case.ts";
import { describePlace, type Fault } from "#harness/proof/fault.ts";
import { type MutationRun, summarizeLooks } from "./json.ts";

/** For how many of the faults that lose packets, or let them through, the hop must be told. */
const hopShare = 0.9;

/**
 * How a mutation run came out, for people. A case that was not run counts as failed, and so does a MUST without a fault,
 * and a hop that is told too seldom. A case that cannot be tried here is neither passed nor failed, and is told with the reason.
 */
export function describeRun(run: Omit<MutationRun, "startedAt" | "engine">): {
  text: string;
  passed: number;
  failed: number;
  blocked: number;
} {
  const { cases, results, unproved, durationMs } = run;
  const resultOf = new Map(results.map((result) => [result.case, result]));
  const head = ["tier", "fault", "on", "must fail", "followed", "result", "time"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const one of cases) {
    const result = resultOf.get(one);
    const seconds = result ? `${(result.durationMs / 1000).toFixed(1)} s` : "";
    const followed = result?.followed.join(" ") ?? "";
    const { on, fault } = one;
    const expected = fault ? describeExpected(fault) : "";
    table.push([
      on.tier,
      titleOf(one),
      describePlace(on),
      expected,
      followed,
      describeEnd(one, result),
      seconds,
    ]);
  }
  const inapplicable = results.flatMap(({ case: { on }, notApplicable = [] }) =>
    notApplicable.map(
      ({ requirement, outcome, reason }) => `${requirement} on ${describePlace(on)} is ${outcome}: ${reason}`,
    ),
  );
  const passed = results.filter(holds).length;
  const blocked = results.filter(isBlocked);
  const hops = results.flatMap(({ hop }) => hop ?? []);
  const right = hops.filter(({ isRight }) => isRight).length;
  return {
    passed,
    blocked: blocked.length,
    failed:
      cases.length - passed - blocked.length + unproved.length + (right < hops.length * hopShare ? 1 : 0),
    text: [
      table.toString(),
      ...inapplicable,
      ...blocked.map((one) => `${titleOf(one.case)} is blocked, not proved: ${one.blocked.join("; ")}`),
      ...unproved.map((id) => `${id} is not proved: NO FAULT`),
      ...(hops.length > 0
        ? [
            `The hop was told for ${right} of ${hops.length} faults that have one; ${hopShare * 100} % must be`,
          ]
        : []),
      ...describeLooks(results),
      `${(durationMs / 1000).toFixed(0)} s in all`,
    ].join("\n"),
  };
}

/** How much longer tests that failed took since their failures were looked into. */
function describeLooks(results: readonly CaseResult[]): string[] {
  const looks = summarizeLooks(results);
  if (!looks) return [];
  const [median, longest] = [looks.medianMs, looks.longestMs].map((ms) => `${(ms / 1000).toFixed(1)} s`);
  return [
    `Looking into failures took ${median} in the median and ${longest} at most, in ${looks.tests} tests that failed`,
  ];
}

/** One result as it comes, for people: a line, and below it what is wrong and what was left. */
export function describeResult(result: CaseResult): string {
  const { case: one, problems, blocked, leftovers, hop } = result;
  const { on, fault, mend } = one;
  const name = titleOf(one);
  const mended = mend === undefined ? "" : ` (mended: ${mend})`;
  const what = `${fault ? `${name} → ${describeExpected(fault)}` : name}${mended}`;
  const lost = hop && `${hop.isRight ? "the hop is told" : "THE HOP IS NOT TOLD"}: ${hop.told}`;
  const below = [...problems, ...blocked, ...(lost ? [lost] : [])].map(
    (told) => `\n          ${told.replaceAll("\n", "\n            ")}`,
  );
  const line = `${describeEnd(one, result).padEnd(7)}  ${on.tier}  ${describePlace(on)}  ${what}`;
  const replaced = leftovers
    ? `\n          the testbed was replaced, since something was left on it:\n${leftovers}`
    : "";
  return `${line}${below.join("")}${replaced}`;
}

/** What must detect a fault, with the outcome where that is not `failed`. */
export function describeExpected({ detectedBy, outcome }: Pick<Fault, "detectedBy" | "outcome">): string {
  return [...detectedBy, ...(outcome === undefined ? [] : [`(${outcome})`])].join(" ");
}

function describeEnd({ fault }: FaultCase, result: CaseResult | undefined): string {
  if (!result) return "not run";
  const [good, bad] = fault ? ["caught", "MISSED"] : ["green", "NOT GREEN"];
  if (isBlocked(result)) return "blocked";
  return holds(result) ? good : bad;
}
