import type { DisorderRequirementId } from "./disorder.ts";

/** A time that a user waits for, which the chapter disorder measures. */
export interface LatencyDescription {
  /** By which it is measured. */
  readonly requirement: DisorderRequirementId;
  /** From what to what. */
  readonly what: string;
  /** What its p99 may be at most, in milliseconds; left out: as long as it takes. */
  readonly mostMs?: number;
}

/** By the name that facts and gates have. */
export const latencies = {
  policy: {
    requirement: "D7",
    what: "from the return of such an order until it is in force",
    mostMs: 1_000,
  },
  "policy-order": {
    requirement: "D7",
    what: "from an order to forbid something until it is in force",
  },
  "first-packet": {
    requirement: "D7b",
    what: "from the order to start a container until its first packet to another node is answered",
    mostMs: 10_000,
  },
  "first-name": {
    requirement: "D7c",
    what: "from the order to start a container until the first name is resolved in it",
    mostMs: 10_000,
  },
} as const satisfies Record<string, LatencyDescription>;

export type LatencyName = keyof typeof latencies;
export const latencyNames = Object.keys(latencies) as LatencyName[];

export const latencyPercentiles = [50, 99] as const;
export type LatencyPercentile = (typeof latencyPercentiles)[number];

/** Name of the fact that has so much of a latency. */
export function latencyFact(name: LatencyName, percentile: LatencyPercentile): string {
  return percentileFact(name, percentile);
}

/** Name of the fact that has a percentile of times in milliseconds, whatever they are called; by its end, drift knows it for a time. */
export function percentileFact(name: string, percentile: LatencyPercentile): string {
  return `${name} p${percentile} ms`;
}

/** Name of the fact that says of how many samples the percentiles of a latency are. */
export function latencySamplesFact(name: LatencyName): `${LatencyName} samples` {
  return `${name} samples`;
}
