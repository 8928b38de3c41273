import type { Capability } from "#suites/requirements/capability.ts";
import type { EngineRelease } from "#suites/requirements/played-engine.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/** Part of the CNM plugin protocol that a plugin can serve, as `Plugin.Activate` names it. */
export type Subsystem = "NetworkDriver" | "IpamDriver";

/**
 * What a CNI plugin does in a network: makes an interface, changes what a plugin before it made, or hands out addresses
 * to a plugin that calls it.
 */
export const pluginKinds = ["interface", "chained", "ipam"] as const;
export type PluginKind = (typeof pluginKinds)[number];

/** To which plugins a requirement applies. What is left out is no condition. */
export interface AppliesTo {
  /** What a driver must declare, in the order in which a missing one is named. */
  readonly capabilities?: readonly Capability[];
  /** Of a rule for drivers: why it says nothing of one whose workloads a CNI runtime attaches; left out: it binds those as well. */
  readonly notOverCni?: string;
  /** CNM: subsystem that the plugin must list in `Plugin.Activate`; `any`: one of them at least. */
  readonly subsystem?: Subsystem | "any";
  /** CNM: what the plugin must declare in `GetCapabilities` besides. */
  readonly declares?: "global scope" | "GwAllocChecker";
  /** CNM: first release of the engine that asks a plugin for it. */
  readonly sinceEngine?: EngineRelease;
  /** CNI: what the plugin must be. */
  readonly pluginKinds?: readonly PluginKind[];
  /** CNI: first version of the specification that has the rule at this level. */
  readonly since?: SpecVersion;
  /** CNI: last version that has it. */
  readonly until?: SpecVersion;
  /** CNI: id of the rule that stood in its place before `since`. */
  readonly predecessor?: string;
}
