import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { Blocked, EngineAtFault, Nonconformance, NothingSeen, Unsupported } from "#harness/core/errors.ts";
import type { Cause } from "#harness/core/failure/cause.ts";
import type { Cost } from "#harness/observe/cost/cost.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

/**
 * passed: the rule holds. failed: the plugin broke it. unsupported: the driver does not declare what it needs.
 * blocked: the environment lacks what it needs. error: the harness broke, the plugin is not judged. engine at fault: the recording
 * proves that an engine never made a call that it owed, and the plugin is not charged. not run: never got to it, or saw nothing of it.
 */
export const outcomes = [
  "passed",
  "failed",
  "unsupported",
  "blocked",
  "error",
  "engine at fault",
  "not run",
] as const;
export type Outcome = (typeof outcomes)[number];

/** What each outcome says, for people. */
export const outcomeMeanings: Readonly<Record<Outcome, string>> = {
  passed: "the rule holds",
  failed: "the plugin broke the rule",
  unsupported:
    "the driver does not declare what the rule needs, or the rule is not promised of its kind or of the engine's version",
  blocked: "the environment lacks what the rule needs; the reason is told",
  error: "the harness or a node broke; the plugin is not judged",
  "engine at fault":
    "the recording proves that an engine never made a call that it owed; the plugin is not charged",
  "not run": "the run did not get to the rule, or saw nothing of what it is about",
};

/** The type of vitest's annotations by which a test says, while it runs, how far it has come. Nothing else of the run depends on them. */
export const howFarType = "netconform-how-far";

/** What a test leaves on its vitest task (`task.meta.conformance`); reports are made of nothing else. Plain JSON. */
export interface ConformanceMeta {
  requirement: RequirementId;
  /** Driver name. */
  driver: string;
  /** Engine version of the cluster. */
  engine: string;
  /** Folder of the suite, e.g. `multihost`. */
  chapter: string;
  outcome: Outcome;
  /** Why it is not `passed`: failure text, missing feature, undeclared capability. */
  reason?: string;
  /** What made it end so, where other requirements may share it. */
  cause?: Cause;
  /** Nothing happened of what the rule is about: the other tests of the requirement decide. */
  sawNothing?: true;
  /** Things worth telling although the outcome stands, e.g. "works although not declared". */
  notes?: string[];
  durationMs: number;
  /** How much of that its failures were looked into for, before they were told. */
  lookedIntoMs?: number;
  /** What it used; of a test beside which others ran it says that nobody can tell. */
  cost?: Cost;
  /** Measured facts for drift reports, e.g. `{ mtu: 1450 }`. */
  facts?: Record<string, string | number | boolean>;
  /** Evidence files, relative to the reports folder. */
  evidence?: string[];
  /** Commands this test ran, relative path of the transcript (JSON lines). */
  transcript?: string;
  /** What happened around the failure, on one clock (`Trace`, JSON), relative to the reports folder. */
  trace?: string;
  /** One line that shows the failure by hand. */
  reproduce?: string;
}

/** Provided to each vitest project (`provide: { target }`) and read by fixtures and reporters. */
export interface TargetContext {
  driver: string;
  /** What the user gave to name the driver or plugin: a name, path or package. */
  reference: string;
  /** Title of the driver, for people. */
  title: string;
  /** Name of the engines, e.g. `26.1`; of a protocol suite its name. */
  engine: string;
  /** The engines themselves, where there is a cluster. */
  engines?: TargetEngine;
  declared: string[];
}

/** What kept a target from being tried at all, as the global set-up found it: told to each of its tests. Plain JSON. */
export interface SetUpFailure {
  readonly outcome: "failed" | "error";
  readonly message: string;
  readonly cause: Cause;
  /** Evidence files, relative to the reports folder. */
  readonly evidence: readonly string[];
}

/** What a test ends with whose target could not be set up. */
export class SetUpFailed extends Error {
  override name = "SetUpFailed";
  readonly failure: SetUpFailure;
  constructor(failure: SetUpFailure) {
    super(failure.message);
    this.failure = failure;
  }
  get because(): Cause {
    return this.failure.cause;
  }
}

/** Which outcome an error means. Only a broken rule is a failure; everything unexpected is an error. */
export function outcomeOf(error: unknown): Exclude<Outcome, "passed"> {
  if (error instanceof SetUpFailed) return error.failure.outcome;
  if (error instanceof NothingSeen) return "not run";
  if (error instanceof EngineAtFault) return "engine at fault";
  if (error instanceof Nonconformance) return "failed";
  if (error instanceof Blocked) return "blocked";
  if (error instanceof Unsupported) return "unsupported";
  if (error instanceof Error && error.name === "AssertionError") return "failed";
  return "error";
}
