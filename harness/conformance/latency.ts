import type { TestTools } from "./suite/tools.ts";

/** Times that are measured again and again, by the word that `--gate` knows each by. */
export const latencies = {
  policy: "from the order of a rule until it binds on every node",
  "first-packet": "from the start of a container's process until another node has answered it",
  "first-name": "from the start of a container's process until it finds a neighbour by name",
} as const;
export type LatencyName = keyof typeof latencies;

/** What is told of a latency: the time that half of the samples, or 99 of 100, did not exceed. */
export const quantiles = { p50: 0.5, p99: 0.99 } as const;
export type QuantileName = keyof typeof quantiles;

/** Name of the fact of a latency: `policy p99 ms`. */
export function latencyFact(name: LatencyName, quantile: QuantileName): string {
  return `${name} ${quantile} ms`;
}

/** Makes facts of the samples of a latency, in milliseconds: its quantiles, and how many samples there are. None of no samples. */
export function tellLatency(fact: TestTools["fact"], name: LatencyName, samples: readonly number[]): void {
  if (samples.length === 0) return;
  for (const quantile of Object.keys(quantiles) as QuantileName[]) {
    fact(latencyFact(name, quantile), Math.round(quantileOf(samples, quantiles[quantile])));
  }
  fact(`${name} samples`, samples.length);
}

/** The smallest sample that so much of all of them (0 to 1) does not exceed: of few samples the 99th percentile is the largest. */
export function quantileOf(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
