import type { AppliesTo } from "./applicability/applies-to.ts";
import type { DockerPromise } from "./applicability/docker-promise.ts";

/** MUST: without it the plugin is not conformant. SHOULD and MAY are reported beside the verdict. */
export type Level = "MUST" | "SHOULD" | "MAY";

/** A group of requirements that gets a verdict of its own; the chapters of the tutorial and the protocol suites. */
export type ConformanceProfile =
  | "setup"
  | "basics"
  | "attachment"
  | "multihost"
  | "tenants"
  | "external"
  | "vlan"
  | "policy"
  | "scheduling"
  | "datapath"
  | "sctp"
  | "ipv6"
  | "encryption"
  | "bgp"
  | "lifecycle"
  | "plugin"
  | "cleanup"
  | "disorder"
  | "connections"
  | "cnm"
  | "cni";

/** One rule that a plugin can keep or break. */
export interface Requirement {
  /** The rule in plain English, as an obligation. */
  readonly title: string;
  readonly level: Level;
  /** Where the rule comes from: tutorial chapter, specification section, or a page of the project's own, which has no URL. */
  readonly source: { readonly text: string; readonly url?: string };
  readonly profile: ConformanceProfile;
  /** Which plugins the rule is for; `applicability` decides with it. */
  readonly appliesTo: AppliesTo;
  /** Since when Docker promises it, where that is later than the oldest engine: of all its tests, of one title, or of IPv6. */
  readonly promised?: readonly DockerPromise[];
  /** What it ends with is told, and no verdict: nobody knows yet how often it is wrong by itself. */
  readonly provisional?: true;
}
