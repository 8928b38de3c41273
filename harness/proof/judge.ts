import type { Outcome } from "#harness/conformance/outcome.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { worstOf } from "#reports/conformance/outcome/verdict.ts";
import type { CaseObservation, CaseResult, CaseRun, FaultCase } from "./case.ts";
import type { Fault, Tier } from "./fault.ts";
import { knownDefectOf } from "./known-defects.ts";

/** What a case came to, as far as its tests tell. */
export type CaseVerdict = Pick<
  CaseResult,
  "followed" | "problems" | "blocked" | "hop" | "lookedIntoMs" | "notApplicable"
>;

interface Strictness {
  /** Outcomes of a requirement that does not apply here, or that cannot be tried. */
  readonly inapplicable: readonly Outcome[];
  /** Whether what must detect a fault may be blocked, since the nodes lack a feature: neither caught nor missed then. */
  readonly mayBeBlocked: boolean;
  /** Whether a test that did not run beside a fault says nothing: the fault may have ended the chapter. */
  readonly mayNotRun: boolean;
  /** Whether a test may see nothing of what its rule is about, as where a plugin does not offer it. */
  readonly maySeeNothing: boolean;
  /** Whether what may turn red may also be an `error`: on a broken network some checks cannot be made. */
  readonly errorMayFollow: boolean;
}

const lenient: Strictness = {
  inapplicable: ["unsupported", "blocked"],
  mayBeBlocked: true,
  mayNotRun: true,
  maySeeNothing: true,
  errorMayFollow: true,
};
/** A target of the CNI suite has no tests of rules that do not apply to it, and every test that it has can be made. */
const strict: Strictness = {
  inapplicable: [],
  mayBeBlocked: false,
  mayNotRun: false,
  maySeeNothing: false,
  errorMayFollow: false,
};
const strictnessOf: Readonly<Record<Tier, Strictness>> = { chapters: lenient, cnm: lenient, cni: strict };

/**
 * Whether a case holds, known defects of engines aside. With a fault: every requirement that must detect it is `failed`, or what the fault says
 * that it ends with, with the texts that it must
 * name, and nothing else is red but what may be. Without one: everything is green, or does not apply here. Where a node lacks what
 * every such requirement needs, nothing is proved, and the verdict says why.
 */
export function judge(one: FaultCase, run: CaseRun): CaseVerdict {
  const { fault } = one;
  const broken = [...run.errors, ...(run.observations.length === 0 ? ["no test ran"] : [])];
  const strays = run.observations.filter((observation) => isStray(one, observation)).map(describeStray);
  if (!fault) {
    const notes = [...notApplicable(run), ...defects(one, run)];
    return { followed: [], blocked: [], problems: [...strays, ...broken], notApplicable: notes };
  }
  const red = run.observations.filter(({ outcome }) =>
    ["failed", "error", "engine at fault"].includes(outcome),
  );
  const others = red.map(({ requirement }) => requirement).filter((id) => !cites(fault.detectedBy, id));
  const blocked = strictnessOf[one.on.tier].mayBeBlocked ? blockedOf(fault, run) : [];
  const undetected = blocked.length > 0 ? [] : missed(fault, run);
  const lookedIntoMs = run.observations.flatMap((one) => one.lookedIntoMs ?? []);
  const hop = undetected.length === 0 && blocked.length === 0 ? hopOf(fault, run) : undefined;
  return {
    followed: [...new Set(others)],
    blocked,
    problems: [...undetected, ...strays, ...broken],
    ...(hop ? { hop } : {}),
    ...(lookedIntoMs.length > 0 ? { lookedIntoMs } : {}),
  };
}

/** Whether an observation is one that the case does not allow. */
function isStray(one: FaultCase, observation: CaseObservation): boolean {
  const { fault, on } = one;
  const { requirement, outcome, sawNothing } = observation;
  if (knownDefectOf(one, observation) !== undefined) return false;
  const { inapplicable, mayNotRun, errorMayFollow, maySeeNothing } = strictnessOf[on.tier];
  if (outcome === "passed" || inapplicable.includes(outcome) || (sawNothing && maySeeNothing)) return false;
  if (!fault) return true;
  const allowed = cites(fault.detectedBy, requirement) || cites(fault.mayFollow ?? [], requirement);
  // What a fault says that it may take along it may also keep from being seen.
  if (outcome === "not run") return !mayNotRun && !(sawNothing && allowed);
  return !allowed || (outcome !== "failed" && !errorMayFollow);
}

/** What had to fail and did not, or did not name what it had to. */
function missed({ detectedBy, names = [], outcome }: Fault, { observations }: CaseRun): string[] {
  const wanted: Outcome = outcome ?? "failed";
  const of = (id: string) => observations.filter(({ requirement }) => requirement === id);
  const survived = detectedBy.filter((id) => worstOf(of(id).map(({ outcome }) => outcome)) !== wanted);
  const what = wanted === "failed" ? "to fail" : `to be ${wanted}`;
  if (survived.length > 0)
    return survived.map(
      (id) => `${id} had ${what}${of(id).length > 0 ? " and" : ""}${describeOutcome(of(id))}`,
    );
  const said = detectedBy.flatMap(of).map(({ reason = "" }) => reason);
  return names
    .filter((name) => !said.some((reason) => reason.includes(name)))
    .map((name) => `${detectedBy.join(" ")} failed without naming "${name}"`);
}

/** Whether one of the failures names the hop on its first line. */
function hopOf({ detectedBy, hop }: Fault, { observations }: CaseRun): CaseVerdict["hop"] {
  if (hop === undefined || "none" in hop) return undefined;
  const lines = observations
    .filter(({ requirement, outcome }) => outcome === "failed" && cites(detectedBy, requirement))
    .map(({ reason = "" }) => firstLineOf(reason));
  const right = lines.find((line) => hop.every((text) => line.includes(text)));
  return { isRight: right !== undefined, told: right ?? lines[0] ?? "" };
}

/** What must detect the fault, when every test of all of it is blocked; else empty. */
function blockedOf({ detectedBy }: Fault, { observations }: CaseRun): string[] {
  const found = detectedBy.map((id) => observations.filter(({ requirement }) => requirement === id));
  const all = found.every((of) => of.length > 0 && of.every(({ outcome }) => outcome === "blocked"));
  return all ? detectedBy.map((id, index) => `${id}${describeOutcome(found[index] ?? [])}`) : [];
}

function cites(ids: readonly string[], id: string): boolean {
  return ids.includes(id);
}

/** What did not apply to a run, with the reason. */
function notApplicable({
  observations,
}: CaseRun): { requirement: string; outcome: string; reason: string }[] {
  return observations
    .filter(({ outcome }) => outcome === "blocked" || outcome === "unsupported")
    .map(({ requirement, outcome, reason = "" }) => ({ requirement, outcome, reason }));
}

/** What the engine broke by itself, with the reason. */
function defects(one: FaultCase, { observations }: CaseRun): NonNullable<CaseVerdict["notApplicable"]> {
  return observations.flatMap((observation) => {
    const { requirement, outcome } = observation;
    const reason = knownDefectOf(one, observation);
    return reason === undefined ? [] : [{ requirement, outcome, reason }];
  });
}

function describeStray({ requirement, outcome, reason, test }: CaseObservation): string {
  return `${requirement} is ${outcome}, in "${test}": ${start(reason)}`;
}

function describeOutcome(observations: readonly CaseObservation[]): string {
  if (observations.length === 0) return ", and no test of it ran";
  const worst = worstOf(observations.map(({ outcome }) => outcome));
  const reason = observations.find(({ outcome }) => outcome === worst)?.reason;
  return ` is ${worst}${reason ? `: ${start(reason)}` : ""}`;
}

/** The start of a reason, which may go on with commands and their output. */
function start(text = ""): string {
  return text.split("\n").slice(0, 5).join("\n");
}
