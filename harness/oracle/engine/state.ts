import type { Rule } from "#drivers/driver.ts";

/** IP versions. */
export type Family = 4 | 6;

/** A workload as policies see it. */
export interface Member {
  readonly name: string;
  readonly tenant: string;
  /** Name of its network within the tenant. */
  readonly network: string;
  /** Name of its group within the tenant; left out: none. */
  readonly group?: string;
  /** Without prefix, by IP version; the second one where its network is dual-stack. */
  readonly addresses: { readonly 4: string; readonly 6?: string };
}

/** A group and the names of the policies that bind it, all of one tenant. */
export interface BoundGroup {
  readonly tenant: string;
  readonly name: string;
  readonly policies: readonly string[];
}

/** A policy and its rules, in whatever order. */
export interface PolicyRules {
  readonly tenant: string;
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** Everything that decides what may pass. */
export interface PolicyState {
  readonly members: readonly Member[];
  readonly groups: readonly BoundGroup[];
  readonly policies: readonly PolicyRules[];
}

/** The first packet of a conversation: who opens it, with whom, and how. */
export interface Flow {
  readonly from: Member;
  readonly to: Member;
  readonly family: Family;
  readonly protocol: "tcp" | "udp" | "icmp";
  /** Of the destination; left out for ICMP. */
  readonly port?: number;
}
