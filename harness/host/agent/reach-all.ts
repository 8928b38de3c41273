import type { Reach, Transport } from "./reach.ts";

/** Something to reach, of any protocol. */
export interface ReachTarget {
  readonly protocol: Transport | "icmp";
  /** IPv4 or IPv6 address. */
  readonly address: string;
  /** Left out for ICMP. */
  readonly port?: number;
}

export interface ReachAllOptions {
  readonly targets: readonly ReachTarget[];
  /** Milliseconds until `dropped`/`silent`; default 2000. */
  readonly timeoutMs?: number;
  /** As of `TargetOptions`; the same for all of them. */
  readonly nonce?: string;
}

/** What became of an attempt among many: a `Reach` without details, where `open` over ICMP has an empty identity. */
export type BriefReach =
  | { readonly state: "open"; readonly identity: string }
  | { readonly state: Exclude<Reach["state"], "open"> | "no route" };

/** A target as the agent reads it: `tcp 10.1.1.2 80`. */
export function targetWords({ protocol, address, port }: ReachTarget): string {
  return port === undefined ? `${protocol} ${address}` : `${protocol} ${address} ${port}`;
}

/** What the agent says of a target: `open web-1`, `dropped`. */
export function readBrief(text: string): BriefReach {
  if (text.startsWith("open ")) return { state: "open", identity: text.slice("open ".length) };
  return { state: text as Exclude<BriefReach["state"], "open"> };
}
