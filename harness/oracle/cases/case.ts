import type { Rule } from "#drivers/driver.ts";

/**
 * The policies of a case: `a` binds group a alone, `b` group b alone, `shared` both of them.
 */
export const policySlots = ["a", "b", "shared"] as const;
export type PolicySlot = (typeof policySlots)[number];

/** The two groups of a case. */
export const groupSlots = ["a", "b"] as const;
export type GroupSlot = (typeof groupSlots)[number];

/** Which policies bind a group. */
export const boundBy: Readonly<Record<GroupSlot, readonly PolicySlot[]>> = {
  a: ["a", "shared"],
  b: ["b", "shared"],
};

/** The other end that a rule names, by what stands for it until there are addresses. */
export const peers = [
  "everybody",
  "group a",
  "group b",
  "own network",
  "another network",
  "address",
  "cidr",
  "another tenant's address",
  "ipv6 address",
  "ipv6 cidr",
] as const;
export type PeerSlot = (typeof peers)[number];

/** The destination port that a rule names: every one, or one of two. */
export type PortSlot = "every" | "first" | "second";

/** The ports that are tried: the two that rules can name, and one that none names. */
export type CasePorts = Readonly<Record<Exclude<PortSlot, "every"> | "other", number>>;

/** One rule of a case. */
export interface CaseRule {
  readonly policy: PolicySlot;
  readonly direction: Rule["direction"];
  readonly protocol: Rule["protocol"];
  /** `every` unless the protocol has ports. */
  readonly port: PortSlot;
  readonly action: Rule["action"];
  /** 1–100. */
  readonly priority: number;
  readonly peer: PeerSlot;
}

/**
 * In which order a case comes about:
 * - `plain`: its rules are added one after the other.
 * - `updated`: other rules with the same ids stood there before.
 * - `deleted`: more rules stood there, which are deleted.
 * - `late`: a container joins group a when the rules are in force.
 * - `moved`: that container was in group b before, with the same address.
 */
export const orders = ["plain", "updated", "deleted", "late", "moved"] as const;
export type Order = (typeof orders)[number];

/** One combination of rules, and how it comes about. */
export interface PolicyCase {
  readonly order: Order;
  /** In force in the end. */
  readonly rules: readonly CaseRule[];
  /** In force before, and gone in the end: with `updated` under the ids of the rules of the same places, with `deleted` beside them. */
  readonly earlier: readonly CaseRule[];
}

/** Whether a container is started for the case. */
export function startsContainer({ order }: Pick<PolicyCase, "order">): boolean {
  return order === "late" || order === "moved";
}
