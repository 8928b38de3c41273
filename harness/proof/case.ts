import { debugPluginNames } from "#harness/cni/debug-plugins/faults.ts";
import { judgesOfChapters } from "#harness/conformance/run/selection.ts";
import type { Observation } from "#reports/conformance/statement.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { playedEngines } from "#suites/requirements/played-engine.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";
import { describePlace, type Fault, type FaultPlaces, isOfTier, isOwnDefect, type Tier } from "./fault.ts";
import { chapterFaults } from "./faults/all.ts";
import { cniFaults } from "./faults/cni/all.ts";
import { cnmSuiteFaults } from "./faults/reference/protocol.ts";

/** One run of the mutation run: the tests of a place with one fault, or, as the baseline, with none. */
export interface FaultCase {
  /** The fault's name, or `baseline`. */
  readonly name: string;
  readonly on: FaultPlaces[Tier];
  /** Absent in the baseline, in which everything must be green. */
  readonly fault?: Fault;
  /** The fault that its place has by itself, and which is mended here. */
  readonly mend?: string;
  /** Run only the tests of these requirements; absent: all. */
  readonly only?: readonly RequirementId[];
  /** Test files of the suite to leave out, e.g. `concurrency`. */
  readonly without?: readonly string[];
  /** Which time of several it is, from 1; absent where there is one alone. */
  readonly time?: number;
}

/** What the tests of a case showed. */
export interface CaseRun {
  readonly observations: readonly CaseObservation[];
  /** What broke the run itself, e.g. a test file that did not load. */
  readonly errors: readonly string[];
  readonly durationMs: number;
  /** Folder with the evidence. */
  readonly reports?: string;
}

/** What one test showed of a requirement; `test` is its title. */
export type CaseObservation = Pick<
  Observation,
  "requirement" | "outcome" | "reason" | "sawNothing" | "test" | "lookedIntoMs"
>;

/** How a case came out. */
export interface CaseResult {
  readonly case: FaultCase;
  /** Requirements that turned red besides those that had to. */
  readonly followed: readonly string[];
  /** Why the case does not hold; empty when it does. */
  readonly problems: readonly string[];
  /** What must detect the fault and cannot be tried here, each with the reason: then the case proves nothing. Else empty. */
  readonly blocked: readonly string[];
  /** Whether a failure told the hop that the fault names, and its first line; absent where the fault names none. */
  readonly hop?: { readonly isRight: boolean; readonly told: string };
  /** How long the failures of each test that failed were looked into before they were told, of those that were, in milliseconds. */
  readonly lookedIntoMs?: readonly number[];
  /** Requirements that do not apply here, or are red by a known defect of the engine, with the reason; of a baseline. */
  readonly notApplicable?: readonly { requirement: string; outcome: string; reason: string }[];
  /** What the run has left in its place, which was then replaced; empty when all was as before. */
  readonly leftovers: string;
  readonly durationMs: number;
  readonly reports?: string;
}

export const baseline = "baseline";

/** Whether a case came out as it must: green, or red exactly where its fault says. A blocked one did not. */
export function holds({ problems, blocked }: CaseResult): boolean {
  return problems.length === 0 && blocked.length === 0;
}

/** Whether nothing is wrong with a case but that it cannot be tried here. */
export function isBlocked({ problems, blocked }: CaseResult): boolean {
  return problems.length === 0 && blocked.length > 0;
}

/** Name of a case, and which time it is where there are several. */
export function titleOf({ name, time }: Pick<FaultCase, "name" | "time">): string {
  return time === undefined ? name : `${name}, time ${time}`;
}

/** The place of a case with its tier, which cases share that rest on one baseline. */
export function placeKey({ on }: Pick<FaultCase, "on">): string {
  return `${on.tier} ${describePlace(on)}`;
}

/**
 * The cases of these faults: first a baseline for every place, then the faults in their order. With every fault of the
 * CNI suite, every debug plugin has a baseline at every version; with some, the plugins and versions that they need. With
 * every fault of the CNM suite, every engine that it plays has a baseline. Unless `thorough`, a fault runs the tests of what must turn
 * red and of what may follow, and the baseline of a place those of all its faults. Each fault runs `repeat` times, after its baseline.
 */
export function casesOf(faults: readonly Fault[], { thorough = false, repeat = 1 } = {}): FaultCase[] {
  const cni = faults.filter((fault) => isOfTier(fault, "cni"));
  const complete = cni.length === cniFaults.length;
  const places = new Map<string, FaultPlaces[Tier]>();
  for (const { on } of faults) places.set(`${on.tier} ${describePlace(on)}`, on);
  if (faults.filter((fault) => isOfTier(fault, "cnm")).length === cnmSuiteFaults.length) {
    for (const engine of playedEngines.toReversed()) {
      const on = { tier: "cnm", plugin: "reference", engine } as const;
      places.set(`${on.tier} ${describePlace(on)}`, on);
    }
  }
  if (complete) {
    for (const version of specVersions.toReversed()) {
      for (const plugin of debugPluginNames) {
        const on = { tier: "cni", plugin, version } as const;
        places.set(`${on.tier} ${describePlace(on)}`, on);
      }
    }
  }
  const crowded = new Set(cni.filter(needsCrowd).map(({ on }) => describePlace(on)));
  const baselines = [...places.values()].map((on): FaultCase => {
    // At older versions a crowd of containers says nothing that it has not said at the newest one.
    const crowd = on.tier !== "cni" || crowded.has(describePlace(on)) || (complete && on.version === newest);
    return { name: baseline, on, ...(crowd ? {} : { without: crowdFiles }) };
  });
  const faulty = faults.flatMap((fault) => {
    const one = caseOf(fault, thorough);
    return repeat === 1 ? [one] : Array.from({ length: repeat }, (_, index) => ({ ...one, time: index + 1 }));
  });
  const all = [...baselines.map((one) => ({ ...one, ...onlyOf(one, faulty) })), ...faulty];
  return all.map((one) => ({ ...one, ...mendOf(one) }));
}

/** What a case's place breaks by itself, where that is judged, unless it is what the case is to show. */
function mendOf(one: FaultCase): Pick<FaultCase, "mend"> {
  const own = chapterFaults.find((fault) => isOwnDefect(fault) && placeKey(fault) === placeKey(one));
  if (!own || own === one.fault) return {};
  const isJudged = one.only === undefined || own.detectedBy.some((id) => one.only?.includes(id));
  return isJudged ? { mend: own.name } : {};
}

/** What the faults of a baseline's place are judged by; everything where one of them is judged by all, or none is there. */
function onlyOf(one: FaultCase, faulty: readonly FaultCase[]): Pick<FaultCase, "only"> {
  const own = faulty.filter((other) => placeKey(other) === placeKey(one));
  // A fault that runs alone may be judged by less than what its place must show without it. What an engine breaks harms nothing else.
  const asksForAll = ({ only, fault }: FaultCase) => !only || (fault?.alone && !isOwnDefect(fault));
  if (own.length === 0 || own.some(asksForAll)) return {};
  return { only: [...new Set(own.flatMap(({ only = [] }) => only))] };
}

function caseOf(fault: Fault, thorough: boolean): FaultCase {
  const { name, on } = fault;
  const only = requirementsOf(fault, thorough);
  return {
    ...{ name, on, fault },
    ...(only ? { only } : {}),
    ...(isOfTier(fault, "cni") && !needsCrowd(fault) ? { without: crowdFiles } : {}),
  };
}

/** The requirements whose tests run beside a fault; all where there are none. */
function requirementsOf(
  { on, alone, detectedBy, mayFollow = [] }: Fault,
  thorough: boolean,
): RequirementId[] | undefined {
  // The plugins of a round of the CNI suite share its tests.
  if (on.tier === "cni") return undefined;
  // What a chapter leaves, and what was said in it, is made by all of its tests.
  const judged = detectedBy.some((id) => judgesOfChapters.has(id));
  if (!alone && (thorough || judged)) return undefined;
  // What a chapter finds at its begin and leaves at its end is always looked at.
  const [first, last]: RequirementId[][] = on.tier === "chapters" ? [["S5"], ["C1"]] : [[], []];
  return [...new Set([...(first ?? []), ...detectedBy, ...(alone ? [] : mayFollow), ...(last ?? [])])];
}

const newest = specVersions.at(-1);
/** They cost more than all other tests of the CNI suite together, so they run only where a fault is about them. */
const crowdFiles = ["concurrency"];

function needsCrowd({ detectedBy }: Fault<"cni">): boolean {
  return detectedBy.some((id) => id.startsWith("CNI-17"));
}
