import type { Capability } from "#suites/requirements/capability.ts";
import { catalogue, isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";
import { isOlderEngine, type PlayedVersion } from "#suites/requirements/played-engine.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import type { PluginKind, Subsystem } from "./applies-to.ts";

/** A driver on a cluster, as it declares itself. */
export interface DriverTarget {
  readonly on: "cluster";
  readonly name: string;
  readonly capabilities: readonly string[];
}

/** A CNM plugin behind its socket, as it introduced itself to an engine. */
export interface CnmPluginTarget {
  readonly on: "cnm";
  readonly name: string;
  /** As listed in `Plugin.Activate`; names of no known subsystem count for nothing. */
  readonly subsystems: ReadonlySet<string>;
  /** `Scope` of `NetworkDriver.GetCapabilities`; empty for none. */
  readonly scope: string;
  readonly gwAllocChecker: boolean;
  /** The engine that is played. */
  readonly engine: PlayedVersion;
}

/** A CNI plugin at one version of the specification. */
export interface CniPluginTarget {
  readonly on: "cni";
  readonly kind: PluginKind;
  readonly version: SpecVersion;
}

/** What requirements are shown of. */
export type Target = DriverTarget | CnmPluginTarget | CniPluginTarget;

/**
 * applies: a test decides. unsupported: the plugin does not declare what the rule needs; `missing` names it, one by one for
 * a driver, and nothing where the rule is not for drivers over CNI. no rule: the rule says nothing about such a target, which has no test of it; `predecessor` is the id of the rule
 * that stood in its place at the target's version.
 */
export type Applicability =
  | { readonly answer: "applies" }
  | { readonly answer: "unsupported"; readonly reason: string; readonly missing: readonly string[] }
  | { readonly answer: "no rule"; readonly predecessor?: string };

const applies: Applicability = { answer: "applies" };
const noRule: Applicability = { answer: "no rule" };

/** Whether a requirement applies to a target. What the environment lacks is asked of the cluster, not here. */
export function applicability(requirement: Requirement, target: Target): Applicability {
  if (placeOf(requirement) !== target.on) return noRule;
  switch (target.on) {
    case "cluster":
      return toDriver(requirement, target);
    case "cnm":
      return toCnmPlugin(requirement, target);
    case "cni":
      return toCniPlugin(requirement, target);
  }
}

/** The requirement that applies to a target in the place of `id`: itself, its predecessor at that version, or none. */
export function applicableRule(id: RequirementId, target: Target): RequirementId | undefined {
  const found = applicability(catalogue[id], target);
  if (found.answer !== "no rule") return id;
  const { predecessor } = found;
  return predecessor !== undefined && isRequirementId(predecessor)
    ? applicableRule(predecessor, target)
    : undefined;
}

function placeOf({ profile }: Requirement): Target["on"] {
  return profile === "cnm" || profile === "cni" ? profile : "cluster";
}

function toDriver({ appliesTo }: Requirement, { name, capabilities }: DriverTarget): Applicability {
  const missing = (appliesTo.capabilities ?? []).filter((one: Capability) => !capabilities.includes(one));
  if (missing.length > 0) {
    return { answer: "unsupported", reason: `${name} does not declare ${missing[0]}`, missing };
  }
  const { notOverCni } = appliesTo;
  if (notOverCni === undefined || !capabilities.includes("cni")) return applies;
  return { answer: "unsupported", reason: `${name}: ${notOverCni}`, missing };
}

const subsystems: readonly Subsystem[] = ["NetworkDriver", "IpamDriver"];

function toCnmPlugin(requirement: Requirement, target: CnmPluginTarget): Applicability {
  const { appliesTo } = requirement;
  const { name, scope } = target;
  const { subsystem, declares } = appliesTo;
  if (!isAskedBy(target.engine, requirement)) return noRule;
  if (subsystem && !subsystems.some((one) => target.subsystems.has(one))) {
    return lacks(`${name} lists neither NetworkDriver nor IpamDriver in Plugin.Activate`, subsystem);
  }
  if (subsystem && subsystem !== "any" && !target.subsystems.has(subsystem)) {
    return lacks(`${name} does not list ${subsystem} in Plugin.Activate`, subsystem);
  }
  if (declares === "global scope" && scope !== "global") {
    return lacks(`${name} declares the scope ${scope || "(none)"}, engines ask only global ones`, declares);
  }
  if (declares === "GwAllocChecker" && !target.gwAllocChecker) {
    return lacks(`${name} does not declare GwAllocChecker`, declares);
  }
  return applies;
}

/** Whether that engine asks a plugin for it. */
export function isAskedBy(engine: PlayedVersion, { appliesTo }: Requirement): boolean {
  const { sinceEngine = engine } = appliesTo;
  return !isOlderEngine(engine, sinceEngine);
}

function lacks(reason: string, missing: string): Applicability {
  return { answer: "unsupported", reason, missing: [missing] };
}

function toCniPlugin({ appliesTo }: Requirement, { kind, version }: CniPluginTarget): Applicability {
  const { pluginKinds = [kind], since = version, until = version, predecessor } = appliesTo;
  if (!pluginKinds.includes(kind) || isBefore(until, version)) return noRule;
  if (!isBefore(version, since)) return applies;
  return predecessor === undefined ? noRule : { answer: "no rule", predecessor };
}

function isBefore(version: SpecVersion, other: SpecVersion): boolean {
  return specVersions.indexOf(version) < specVersions.indexOf(other);
}
