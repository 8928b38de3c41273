import type { BuiltInDriver } from "#drivers/built-in.ts";
import type { ChurnFaultName } from "#drivers/reference/faults/churn/table.ts";
import type { ReferenceCniFaultName } from "#drivers/reference/faults/tables/cni.ts";
import type { CnmFaultName } from "#drivers/reference/faults/tables/cnm.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { NodeFaultName } from "#drivers/reference/faults/tables/nodes.ts";
import type { PolicyMutantName } from "#drivers/reference/faults/tables/policy.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { DebugFault, DebugPlugin } from "#harness/cni/debug-plugins/faults.ts";
import type { Chapter } from "#harness/conformance/run/projects.ts";
import type { Moments } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { EngineVersion } from "#harness/core/engines/grammar.ts";
import type { WorkloadRuntimeName } from "#harness/core/settings/schema.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import type { FaultDescription } from "#suites/requirements/fault-description.ts";
import type { PlayedVersion } from "#suites/requirements/played-engine.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";
import type { CnmRequirementId } from "#suites/requirements/rules/cnm.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** What can be run apart: the chapters on clusters, and the two protocol suites, which need none. */
export const tiers = ["chapters", "cnm", "cni"] as const;
export type Tier = (typeof tiers)[number];

/** A CNI runtime that is not the project's own. */
export type RealRuntime = Exclude<WorkloadRuntimeName, "netconform">;

/** Where a fault is at work, and hence which tests run, by tier. */
export interface FaultPlaces {
  /**
   * A chapter (folder of the suite) on a cluster that carries a driver. `engine`, e.g. `28.5`, for a rule that older engines than
   * that do not promise; default: the one that the run is about. `runtime`: what starts the containers of a driver of CNI plugins, where that is
   * not the project's own.
   */
  chapters: {
    readonly tier: "chapters";
    readonly chapter: Chapter;
    readonly driver: BuiltInDriver;
    readonly engine?: EngineVersion;
    readonly runtime?: RealRuntime;
  };
  /** The CNM suite on the reference plugin, on this machine, as that engine plays it. */
  cnm: { readonly tier: "cnm"; readonly plugin: "reference"; readonly engine: PlayedVersion };
  /** The CNI suite on a debug plugin, on this machine, at the version of the specification at which the fault shows. */
  cni: { readonly tier: "cni"; readonly plugin: DebugPlugin; readonly version: SpecVersion };
}

/** How a fault is injected, by tier. */
export interface FaultInjections {
  chapters:
    | FaultActs
    | OwnDefect
    | FaultSwitch<
        | CnmFaultName
        | ReferenceFaultName
        | NodeFaultName
        | ChurnFaultName
        | PolicyMutantName
        | ReferenceCniFaultName
      >;
  /** On from the start of the plugin. */
  cnm: { readonly switchOn: CnmFaultName };
  cni: { readonly behaviour: DebugFault };
}

/** Requirements that a fault can concern, by tier. */
interface FaultRequirements {
  chapters: Exclude<RequirementId, CnmRequirementId | CniRequirementId>;
  cnm: CnmRequirementId;
  cni: CniRequirementId;
}

/**
 * One thing that is broken on purpose, to prove that a check can fail: the wire, what the engine has made on a node, or
 * how a plugin of the project's own behaves. Never the tests or what they expect.
 */
export interface Fault<T extends Tier = Tier> extends FaultDescription<FaultRequirements[T]> {
  /** Unique among the faults of one place. */
  readonly name: string;
  readonly on: FaultPlaces[T];
  readonly inject: FaultInjections[T];
}

/** What a fault does at which moment of a run. What lasts is undone through the moment's scope or the chapter's. */
export type FaultActs = {
  readonly [M in keyof Moments]?: (context: FaultContext, moment: Moments[M]) => Promise<void>;
};

/**
 * Nothing is injected: an engine breaks the rules by itself. What mends it is at work in every other case of its place, so that the rules are
 * seen to hold with it and to be broken without it.
 */
export interface OwnDefect {
  readonly mend: FaultActs;
}

/** A fault of the cluster's reference plugin, which is on from a moment of the chapter until the moment's scope closes. */
export interface FaultSwitch<Name extends string> {
  readonly switchOn: Name;
  readonly at: "chapter begins" | "chapter ends";
}

/** What a fault acts on. */
export interface FaultContext {
  readonly cluster: Cluster;
  /** Closes with the chapter, before anything is looked for: for what must outlive a moment's own scope. */
  readonly chapter: Scope;
}

/** What starts the containers of CNI networks at a place of a chapter. */
export function runtimeOf({ runtime }: FaultPlaces["chapters"]): WorkloadRuntimeName {
  return runtime ?? "netconform";
}

/** The driver's name as a target has it: `cni-bridge-podman` through that runtime. */
export function targetDriver({
  driver,
  runtime,
}: Pick<FaultPlaces["chapters"], "driver" | "runtime">): string {
  return runtime === undefined ? driver : `${driver}-${runtime}`;
}

/** A place in words, which tells it from all others of its tier: `overlay multihost`, `reference 29.7`, `debug-ipam 1.1.0`. */
export function describePlace(place: FaultPlaces[Tier]): string {
  switch (place.tier) {
    case "chapters":
      return `${targetDriver(place)}${place.engine ? `@${place.engine}` : ""} ${place.chapter}`;
    case "cnm":
      return `${place.plugin} ${place.engine}`;
    case "cni":
      return `${place.plugin} ${place.version}`;
  }
}

/** What a run is about, by driver, engine, e.g. `28.5`, and chapter. */
export interface Running {
  readonly targets: readonly { readonly driver: string; readonly engine: string }[];
  readonly chapters: readonly string[];
}

/** What a chapter's fault is made for and does not find in a run, as one line for people; nothing where it finds all of it. */
export function describeMissedPlace(
  setting: "FAULT" | "MEND",
  { name, on }: Pick<Fault<"chapters">, "name" | "on">,
  { targets, chapters }: Running,
): string | undefined {
  const own = targets.filter(({ driver }) => driver === targetDriver(on));
  const among = own.length > 0 ? own : targets;
  const others = [
    ...(own.length === 0 ? ["with another driver"] : []),
    ...(on.engine === undefined || among.some(({ engine }) => engine === on.engine)
      ? []
      : ["with another engine"]),
    ...(chapters.includes(on.chapter) ? [] : ["in another chapter"]),
  ];
  if (others.length === 0) return undefined;
  return `${setting}=${name} is made for ${describePlace(on)}: ${others.join(", ")} it may change nothing`;
}

/** Whether what the fault breaks is broken by an engine itself. */
export function isOwnDefect<F extends Fault>(fault: F): fault is F & { readonly inject: OwnDefect } {
  return "mend" in fault.inject;
}

/** Whether a fault belongs to that tier. */
export function isOfTier<T extends Tier>(fault: Fault, tier: T): fault is Fault<T> {
  return fault.on.tier === tier;
}
