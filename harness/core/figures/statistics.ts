/** The value below which the share `p` (0 to 1) of the values lies; of an even number the lower of the two in the middle. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("there is no percentile of no values");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** `p50 612 ms, p99 840 ms`, of milliseconds; nothing where there are none. */
export function describeSpread(values: readonly number[]): string {
  if (values.length === 0) return "nothing was measured";
  return [0.5, 0.99].map((p) => `p${p * 100} ${Math.round(percentile(values, p))} ms`).join(", ");
}

/** Runs `work` and yields how long it took, in milliseconds. */
export async function stopwatch(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
