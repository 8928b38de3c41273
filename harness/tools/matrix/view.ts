import type { Outcome } from "#harness/conformance/outcome.ts";
import type { Cell, PastCell } from "#reports/matrix/schema.ts";
import { latencyFact, latencyNames, latencySamplesFact } from "#suites/requirements/rules/latencies.ts";
import { isVarying } from "#suites/requirements/varying-facts.ts";

type Facts = Record<string, string | number | boolean>;

/** What of a cell can be compared with another night or another engine. Keys are requirement ids. */
export interface CellView {
  outcomes: Record<string, Outcome>;
  /** First lines of the reasons, without what differs from run to run. */
  reasons: Record<string, string>;
  facts: Record<string, Facts>;
}

/** The view of a cell of this run; `undefined` when it left no statement. */
export function viewOf({ target }: Cell): CellView | undefined {
  if (!target) return undefined;
  const view: CellView = { outcomes: {}, reasons: {}, facts: {} };
  for (const { requirement, outcome, reason, facts } of target.results) {
    view.outcomes[requirement] = outcome;
    if (reason !== undefined && outcome !== "not run") view.reasons[requirement] = essenceOf(reason);
    if (facts) view.facts[requirement] = factsOf(facts);
  }
  return view;
}

/** The view of a cell of an earlier run. */
export function pastViewOf(past: PastCell): CellView {
  const outcomes: Record<string, Outcome> = {};
  for (const [outcome, ids] of Object.entries(past.outcomes)) {
    for (const id of ids?.split(" ") ?? []) outcomes[id] = outcome as Outcome;
  }
  return { outcomes, reasons: past.reasons ?? {}, facts: past.facts ?? {} };
}

/** Whether nothing in it failed or broke. */
export function isGreenView({ outcomes }: CellView): boolean {
  const all = Object.values(outcomes);
  return all.includes("passed") && !all.some(isRed);
}

/** What wants a person: the plugin broke the rule, or the harness broke. */
export function isRed(outcome: Outcome): boolean {
  return outcome === "failed" || outcome === "error";
}

const fleeting: readonly [RegExp, string][] = [
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, "<mac>"],
  [/\b\d{1,3}(\.\d{1,3}){3}(?=\/\d)/g, "<address>"],
  [/\b\d{1,3}(\.\d{1,3}){3}\b/g, "<address>"],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b/gi, "<id>"],
  [/\/proc\/\d+/g, "/proc/<pid>"],
  [/\b\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "<time>"],
  [/\b\d+(\.\d+)? ?m?s\b/g, "<time>"],
  // Ports that the kernel gave out; a shorter one was chosen by somebody.
  [/(:|\bport )\d{5}\b/g, "$1<port>"],
];

const longest = 300;

/** The first line of a text with ids, addresses and times masked: what stays the same when the same happens again. */
export function essenceOf(text: string): string {
  const [line = ""] = text.trimStart().split("\n");
  const masked = fleeting.reduce((rest, [pattern, name]) => rest.replaceAll(pattern, name), line.trim());
  return masked.length > longest ? `${masked.slice(0, longest)}…` : masked;
}

/** From fewer samples the p99 of a latency is the longest of them, which every night has differently. */
const enoughForP99 = 100;

/** How much was said during a chapter depends on how often somebody asked again. */
const countsOfTries = /^exchanges in /;
/** Numbers and addresses in a short fact, such as a subnet, are what it is about; a sentence is a message. */
const sentence = 48;

function factsOf(facts: Facts): Facts {
  const longestAlone = latencyNames
    .filter((name) => Number(facts[latencySamplesFact(name)] ?? 0) < enoughForP99)
    .map((name) => latencyFact(name, 99));
  const kept = Object.entries(facts).filter(
    ([name]) => !(countsOfTries.test(name) || isVarying(name) || longestAlone.includes(name)),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === "string" && value.length > sentence ? essenceOf(value) : value,
    ]),
  );
}
