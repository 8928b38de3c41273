import type { Capability } from "./capability.ts";

/** MUST: without it the plugin is not conformant. SHOULD and MAY are reported beside the verdict. */
export type Level = "MUST" | "SHOULD" | "MAY";

/** A group of requirements that gets a verdict of its own; the chapters of the tutorial and the protocol tiers. */
export type Profile =
  | "setup"
  | "basics"
  | "attachment"
  | "multihost"
  | "tenants"
  | "external"
  | "vlan"
  | "policy"
  | "scheduling"
  | "plugin"
  | "cleanup"
  | "cnm"
  | "cni";

/** One rule that a plugin can keep or break. */
export interface Requirement {
  /** The rule in plain English, as an obligation. */
  readonly title: string;
  readonly level: Level;
  /** Where the rule comes from: tutorial chapter or specification section. */
  readonly source: { readonly text: string; readonly url: string };
  readonly profile: Profile;
  /** What a driver must declare for the rule to apply to it. */
  readonly needs: readonly Capability[];
  /** Set when no fault can break the rule here: the reason. Everything else must be proved. */
  readonly unprovable?: string;
}
