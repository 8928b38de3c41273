import type { ConformanceMeta, Outcome, TargetContext } from "#harness/conformance/outcome.ts";
import type { Installation } from "#harness/conformance/run/installation.ts";
import { chaptersOnDemand } from "#harness/conformance/run/projects.ts";
import type { Gate, Selection } from "#harness/conformance/run/selection.ts";
import type { PartCost } from "#harness/observe/cost/cost.ts";
import { isProtocolSuite } from "#reports/target.ts";
import { applicability, isAskedBy } from "#suites/requirements/applicability/applicability.ts";
import { type PluginKind, pluginKinds } from "#suites/requirements/applicability/applies-to.ts";
import { catalogue, isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";
import { playedEngines } from "#suites/requirements/played-engine.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";
import { type ChapterRecord, costOfRun, costOfTests, stateChapters } from "./cost/chapters.ts";
import { judgeGates } from "./gates/judge.ts";
import { causeOfEnd, statesOfCauses } from "./outcome/causes.ts";
import { judgeProfile, outcomesByRound, tallyOf, worstFirst, worstOf } from "./outcome/verdict.ts";
import type { Origin } from "./reading/origin.ts";
import {
  type RequirementResult,
  type Statement,
  type SuiteError,
  schemaVersion,
  type TargetStatement,
} from "./schema.ts";

/** What one test showed. */
export interface Observation extends ConformanceMeta {
  /** Name of the target it ran on, e.g. `overlay@26.1`. */
  target: string;
  /** Title of the test. */
  test: string;
  /** Test file, relative to the project. */
  file: string;
  /** Line of the test in it, from 1. */
  line?: number;
  /** Of a repeated run, from 1. */
  round?: number;
}

/** A target that was expected to be run. */
export interface ExpectedTarget extends TargetContext {
  name: string;
  versions: Record<string, string>;
  origin?: Origin;
  /** Absent where there is no cluster, or where it could not be asked. */
  installation?: Installation;
}

/** Everything a statement is made from. */
export interface RunRecord {
  generator: Statement["generator"];
  /** By which was judged. */
  catalogue?: Statement["catalogue"];
  /** Whose plugin it is, where they say. */
  implementation?: Statement["implementation"];
  /** As it was typed, word by word. */
  command?: readonly string[];
  id: string;
  startedAt: Date;
  /** Absent while the run lasts. */
  finishedAt?: Date;
  durationMs: number;
  /** Why the run is not complete; empty when it is. */
  incompleteBecause: readonly string[];
  environment: Statement["environment"];
  targets: readonly ExpectedTarget[];
  observations: readonly Observation[];
  errors: readonly SuiteError[];
  /** Test files that ran, in the order in which they ended. */
  chapters?: readonly ChapterRecord[];
  /** What the process that leads the run has used until now. */
  mainProcess?: PartCost;
  /** How often everything was run; absent: once. */
  rounds?: number;
  /** Highest load average of a minute that was seen on the machine that leads the run. */
  load?: number;
  /** Of the order of chapters and tests; absent: as they are written. */
  seed?: number;
  /** What latencies may be at most; judged once the run is finished. */
  gates?: readonly Gate[];
}

const onDemand: readonly string[] = chaptersOnDemand;

/**
 * Protocol suites have a profile of their own name. They judge a plugin without a cluster: a cluster target owes nothing there,
 * and a target whose engine is a suite, `cnm-29.7`, owes nothing else. Which rules of the CNI suite a plugin owes depends on
 * its kind, which the suite finds out: the MUSTs that are for every kind, and those that it cites.
 */
export function owes({ engine }: Pick<ExpectedTarget, "engine">, requirement: Requirement): boolean {
  const { profile, level } = requirement;
  // Of chapters that run where they are asked for, what was run is owed alone.
  if (onDemand.includes(profile)) return false;
  if (!isProtocolSuite(engine)) return !isProtocolSuite(profile);
  const version = specVersions.find((one) => engine === `cni-${one}`);
  if (version !== undefined) {
    const applies = (kind: PluginKind) =>
      applicability(requirement, { on: "cni", kind, version }).answer === "applies";
    return level === "MUST" && pluginKinds.every(applies);
  }
  const played = playedEngines.find((one) => engine === `cnm-${one}`);
  return profile === "cnm" && played !== undefined && isAskedBy(played, requirement);
}

/** What one of several runs of the same tests has shown. */
export interface Round {
  readonly observations: readonly Observation[];
  readonly errors: readonly SuiteError[];
  readonly chapters?: readonly ChapterRecord[];
  /** Why it is not complete; empty when it is. */
  readonly incompleteBecause: readonly string[];
}

/** What all rounds together have shown, of which none may be missing. */
export function joinRounds(
  rounds: readonly Round[],
  { rounds: planned, seed }: Selection,
): Pick<RunRecord, "observations" | "errors" | "chapters" | "incompleteBecause" | "rounds" | "seed"> {
  const repeated = planned > 1;
  const named = (text: string, index: number) => (repeated ? `round ${index + 1}: ${text}` : text);
  const missing = planned - rounds.length;
  return {
    observations: rounds.flatMap(({ observations }, index) =>
      observations.map((one) => (repeated ? { ...one, round: index + 1 } : one)),
    ),
    errors: rounds.flatMap(({ errors }, index) =>
      errors.map((error) => ({ ...error, where: named(error.where, index) })),
    ),
    chapters: rounds.flatMap(({ chapters = [] }, index) =>
      chapters.map((one) => (repeated ? { ...one, round: index + 1 } : one)),
    ),
    incompleteBecause: [
      ...rounds.flatMap(({ incompleteBecause }, index) =>
        incompleteBecause.map((text) => named(text, index)),
      ),
      ...(missing > 0 ? [`${missing} of ${planned} rounds did not run`] : []),
    ],
    ...(repeated ? { rounds: planned } : {}),
    ...(seed === undefined ? {} : { seed }),
  };
}

/**
 * Builds the conformance statement of a run. Every expected target lists every requirement of the catalogue
 * that applies to it; what no test has shown is `not run`.
 */
export function buildStatement(
  record: RunRecord,
  requirements: Readonly<Record<string, Requirement>> = catalogue,
): Statement {
  const cutShort = record.incompleteBecause.length > 0;
  const targets = record.targets.map((target) => stateTarget(target, record, requirements, cutShort));
  return {
    schemaVersion,
    generator: record.generator,
    ...(record.catalogue ? { catalogue: record.catalogue } : {}),
    ...(record.implementation ? { implementation: record.implementation } : {}),
    run: {
      id: record.id,
      startedAt: record.startedAt.toISOString(),
      ...(record.finishedAt ? { finishedAt: record.finishedAt.toISOString() } : {}),
      durationMs: record.durationMs,
      ...(record.command ? { command: [...record.command] } : {}),
      ...(record.rounds === undefined ? {} : { rounds: record.rounds }),
      ...(record.load === undefined ? {} : { load: record.load }),
      ...(record.seed === undefined ? {} : { seed: record.seed }),
      complete: !cutShort,
      ...(cutShort ? { incompleteBecause: record.incompleteBecause.join("; ") } : {}),
      ...(record.mainProcess ? { cost: costOfRun(record.mainProcess, targets) } : {}),
    },
    environment: record.environment,
    targets,
    errors: [...record.errors],
    ...(record.gates && record.finishedAt
      ? {
          gates: judgeGates(
            record.gates,
            targets.map(({ name }) => name),
            record.observations,
          ),
        }
      : {}),
    summary: tallyOf(targets.flatMap(({ results }) => results)),
  };
}

function stateTarget(
  target: ExpectedTarget,
  record: RunRecord,
  requirements: Readonly<Record<string, Requirement>>,
  cutShort: boolean,
): TargetStatement {
  const own = record.observations.filter((observation) => observation.target === target.name);
  const results = Object.entries(requirements).flatMap(([id, requirement]) => {
    const cited = own.filter((observation) => observation.requirement === id);
    return cited.length > 0 || owes(target, requirement)
      ? [stateRequirement(id, requirement, cited, record.rounds)]
      : [];
  });
  const profiles = [...new Set(results.map(({ profile }) => profile))];
  // In the catalogue's order, the worst test of a requirement first.
  const failures = results.flatMap(({ requirement }) =>
    byWeight(own.filter((observation) => observation.requirement === requirement)),
  );
  return {
    name: target.name,
    driver: target.driver,
    reference: target.reference,
    title: target.title,
    engine: target.engine,
    declared: [...target.declared],
    versions: target.versions,
    ...stateOrigin(target),
    profiles: profiles.map((profile) =>
      judgeProfile(
        profile,
        results.filter((result) => result.profile === profile),
        cutShort,
      ),
    ),
    causes: statesOfCauses(failures),
    ...stateChapters(target.name, record.chapters ?? [], nodesOf(target, record)),
    results,
  };
}

/** How many nodes the target has; what was asked for, where its cluster could not tell. */
function nodesOf({ installation }: ExpectedTarget, { environment }: RunRecord): number {
  return installation?.nodes.length ?? (Number(environment.settings.NODES) || 2);
}

function stateOrigin({
  origin,
  installation,
}: ExpectedTarget): Pick<TargetStatement, "commit" | "nodes" | "binaries"> {
  const binaries = installation?.binaries ?? origin?.binaries;
  return {
    ...(origin?.commit ? { commit: origin.commit } : {}),
    ...(installation ? { nodes: [...installation.nodes] } : {}),
    ...(binaries ? { binaries: [...binaries] } : {}),
  };
}

function byWeight(cited: readonly Observation[]): Observation[] {
  return [...cited].sort((a, b) => weight(a.outcome) - weight(b.outcome));
}

/** The tests by which a requirement is judged: those that saw something, where there are any. */
function deciding(cited: readonly Observation[]): readonly Observation[] {
  const seeing = cited.filter(({ sawNothing }) => !sawNothing);
  return seeing.length > 0 ? seeing : cited;
}

/** How a requirement that is provisional ended, in a sentence. */
const ends: Readonly<Record<Outcome, string>> = {
  passed: "it passed",
  failed: "it failed",
  unsupported: "it was unsupported",
  blocked: "it was blocked",
  error: "the harness or a node broke",
  "engine at fault": "an engine was at fault",
  "not run": "it was not run",
};

/** What a requirement that passed could not show in some of its tests. */
function notShown(outcome: Outcome, cited: readonly Observation[]): string[] {
  if (outcome !== "passed") return [];
  return cited.flatMap((observation) =>
    observation.outcome === "passed"
      ? []
      : [
          `${observation.sawNothing ? "nothing seen" : observation.outcome}: ${observation.reason} (${observation.test})`,
        ],
  );
}

function stateRequirement(
  id: string,
  requirement: Requirement,
  cited: readonly Observation[],
  rounds: number | undefined,
): RequirementResult {
  const { title, level, source, profile } = requirement;
  const worst = byWeight(deciding(cited))[0];
  const sorted = worst ? [worst, ...byWeight(cited.filter((observation) => observation !== worst))] : [];
  const outcome = worstOf(deciding(cited).map((observation) => observation.outcome));
  const notes = [
    ...sorted.flatMap((observation) => observation.notes ?? []),
    ...notShown(outcome, sorted),
    ...(requirement.provisional && worst
      ? [`provisional: what was found is reported and decides nothing; here ${ends[outcome]}`]
      : []),
  ];
  const causes = sorted.flatMap((observation) => causeOfEnd(observation)?.id ?? []);
  const facts = Object.assign({}, ...cited.map((observation) => observation.facts ?? {}));
  const reason = worst ? worst.reason : "no test of it was selected";
  return {
    requirement: id,
    title,
    level,
    ...(requirement.provisional ? { provisional: true as const } : {}),
    source: { ...source },
    profile,
    ...(worst ? { chapter: worst.chapter } : {}),
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(causes.length > 0 ? { causes: [...new Set(causes)] } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(Object.keys(facts).length > 0 ? { facts } : {}),
    ...(rounds !== undefined && cited.length > 0 ? { rounds: outcomesByRound(cited, rounds) } : {}),
    durationMs: cited.reduce((sum, { durationMs }) => sum + durationMs, 0),
    ...costOfTests(cited),
    evidence: [...new Set(sorted.flatMap((observation) => observation.evidence ?? []))],
    ...(worst?.transcript === undefined ? {} : { transcript: worst.transcript }),
    ...(worst?.reproduce === undefined ? {} : { reproduce: worst.reproduce }),
    tests: sorted.map((observation) => {
      const cause = causeOfEnd(observation)?.id;
      return {
        name: observation.test,
        file: observation.file,
        ...(observation.line === undefined ? {} : { line: observation.line }),
        outcome: observation.outcome,
        ...(observation.reason === undefined ? {} : { reason: observation.reason }),
        ...(cause === undefined ? {} : { cause }),
        ...(observation.sawNothing ? { sawNothing: true as const } : {}),
        durationMs: observation.durationMs,
        ...(observation.round === undefined ? {} : { round: observation.round }),
      };
    }),
  };
}

function weight(outcome: Outcome): number {
  return worstFirst.indexOf(outcome);
}

/** The id of the catalogue that is the first word of a test title, e.g. of "M4 containers reach each other". */
export function citedBy(title: string): RequirementId | undefined {
  const [id = ""] = title.split(" ", 1);
  return isRequirementId(id) ? id : undefined;
}
