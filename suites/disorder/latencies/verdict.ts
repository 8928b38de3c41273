import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { describeSpread, percentile } from "#harness/core/figures/statistics.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import {
  type LatencyDescription,
  type LatencyName,
  latencies,
  latencyFact,
  latencyPercentiles,
} from "#suites/requirements/rules/latencies.ts";

/**
 * Tells p50 and p99 of a latency as facts, in milliseconds. Throws `Nonconformance` where its p99 is more than the catalogue says, and
 * `ProbeFailed` where nothing was measured. Of less than a hundred samples the p99 is the longest.
 */
export function judge(
  { fact, note, keep }: Pick<TestTools, "fact" | "note" | "keep">,
  name: LatencyName,
  samples: readonly number[],
): void {
  const { what, mostMs = Number.POSITIVE_INFINITY }: LatencyDescription = latencies[name];
  if (samples.length === 0) throw new ProbeFailed(`${what}: nothing was measured`);
  const of = (p: (typeof latencyPercentiles)[number]) => Math.round(percentile(samples, p / 100) * 10) / 10;
  for (const p of latencyPercentiles) fact(latencyFact(name, p), of(p));
  note(`${what}: ${describeSpread(samples)} of ${samples.length} samples`);
  keep({ name: `${name}.json`, content: JSON.stringify(samples) }, { always: true });
  const allowed = scaled(mostMs);
  if (of(99) > allowed) {
    throw new Nonconformance({
      who: what,
      expected: `a p99 of at most ${allowed} ms`,
      got: `${describeSpread(samples)} of ${samples.length} samples`,
    });
  }
}
