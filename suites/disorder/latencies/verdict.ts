import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { describeSpread, percentile } from "#harness/core/figures/statistics.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import {
  type LatencyDescription,
  type LatencyName,
  type LatencyPercentile,
  latencies,
  latencyPercentiles,
  latencySamplesFact,
  percentileFact,
} from "#suites/requirements/rules/latencies.ts";

/**
 * Tells p50 and p99 of a latency as facts, in milliseconds. Throws `Nonconformance` where its p99 is more than the catalogue says, and
 * `ProbeFailed` where nothing was measured. Of less than a hundred samples the p99 is the longest.
 */
export function judge(
  { fact, varyingFact, note, keep }: Pick<TestTools, "fact" | "varyingFact" | "note" | "keep">,
  name: LatencyName,
  samples: readonly number[],
): void {
  const { what, mostMs = Number.POSITIVE_INFINITY }: LatencyDescription = latencies[name];
  if (samples.length === 0) throw new ProbeFailed(`${what}: nothing was measured`);
  tellSpread({ fact, note }, name, what, samples);
  varyingFact(latencySamplesFact(name), samples.length);
  keep({ name: `${name}.json`, content: JSON.stringify(samples) }, { always: true });
  const allowed = scaled(mostMs);
  if (rounded(samples, 99) > allowed) {
    throw new Nonconformance({
      who: what,
      expected: `a p99 of at most ${allowed} ms`,
      got: `${describeSpread(samples)} of ${samples.length} samples`,
    });
  }
}

/** Tells p50 and p99 of times as facts, in milliseconds, by what they are called, e.g. `first packet p99 ms`, and what they are as a note. */
export function tellSpread(
  { fact, note }: Pick<TestTools, "fact" | "note">,
  name: string,
  what: string,
  samples: readonly number[],
): void {
  for (const p of latencyPercentiles) fact(percentileFact(name, p), rounded(samples, p));
  note(`${what}: ${describeSpread(samples)} of ${samples.length} samples`);
}

function rounded(samples: readonly number[], p: LatencyPercentile): number {
  return Math.round(percentile(samples, p / 100) * 10) / 10;
}
