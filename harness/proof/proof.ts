/** What can be proved apart: chapters on clusters, and the two protocol tiers, which need none. */
export const tiers = ["chapters", "cnm", "cni"] as const;
export type Tier = (typeof tiers)[number];

/** What is to be proved: that a requirement turns red, or, where nothing is broken, that everything is green. */
export interface Claim {
  readonly tier: Tier;
  /** Fault or fault; `untouched` where nothing is broken. */
  readonly name: string;
  /** What it runs on, e.g. `overlay multihost`. */
  readonly on: string;
  /** What is broken, for people. */
  readonly breaks: string;
  /** Requirements that must fail. */
  readonly detectedBy: readonly string[];
  /** Requirements that may fail as well. */
  readonly mayFollow: readonly string[];
}

/** How a claim came out. */
export interface Proof extends Claim {
  /** What turned red besides. */
  readonly followed: readonly string[];
  /** Why the claim does not hold; empty when it does. */
  readonly problems: readonly string[];
  /** Requirements that do not apply here, with the reason; of an untouched run. */
  readonly notApplicable?: readonly { requirement: string; outcome: string; reason: string }[];
  /** What was left on the cluster, which was then replaced; empty when it was as before. */
  readonly traces?: string;
  readonly durationMs: number;
  /** Folder with the evidence. */
  readonly reports?: string;
}

/** One tier's claims, and how they are put to the test. */
export interface Proving {
  readonly claims: readonly Claim[];
  /** Tests all claims and tells each result as it comes. What cannot be tested stays untold, with the reason said. */
  run(tell: (proof: Proof) => void): Promise<void>;
  /** Begins nothing any more: somebody else is about to remove what was brought up. */
  abandon(): void;
}

export const untouched = "untouched";

export function holds({ problems }: Proof): boolean {
  return problems.length === 0;
}
