import { median, percentile } from "#harness/core/figures/statistics.ts";
import { canTell, isLonger } from "./beyond-chance.ts";
import type { Tenth } from "./churn.ts";

/** How slow the last tenth was beside the first. */
export interface Pace {
  /** Which percentile stands for the p99. */
  readonly percentile: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly ratio: number;
  /** Whether the last tenth was slower than it may be, by more than chance. */
  readonly slower: boolean;
  /** Why it is not judged; absent where it is. */
  readonly unjudged?: string;
}

export const worstRatio = 1.5;
/** What others do on the node, the same all the time, may be slower by that factor before the node itself counts as slower. */
const steadyRatio = 1.25;
/** Of a tenth, from the highest; the one that stands for the p99 has so many samples beyond it, so that no single one decides. */
const percentiles = [99, 95, 90, 50] as const;
const leastBeyond = 2;
const tenthsInAll = 10;
/** Fewer say nothing of how fast the node is. */
const leastApart = 10;

/**
 * The pace of the last tenth beside that of the first, of what succeeded. A string says why there is none: too much has failed, or there is
 * too little.
 */
export function paceOf(tenths: readonly Tenth[]): Pace | string {
  const [first, last] = [tenths[0], tenths.at(-1)];
  if (!first || !last || tenths.length < tenthsInAll)
    return `so much failed that there are ${tenths.length} tenths of ${tenthsInAll}`;
  const [before, after] = [timesOf(first), timesOf(last)];
  const least = Math.min(before.length, after.length);
  if (!canTell(least)) return `of a tenth ${least} succeeded, which are too few to tell them from others`;
  const p = percentiles.find((one) => least - Math.ceil((one / 100) * least) >= leastBeyond) ?? 50;
  const [firstMs, lastMs] = [percentile(before, p / 100), percentile(after, p / 100)];
  const ratio = lastMs / firstMs;
  const beyondChance = isLonger(before, after, { times: worstRatio, limit: worstRatio * firstMs });
  const unjudged =
    first.starved ?? last.starved ?? whyUnjudged(first, last, { percentile: p, ratio, beyondChance });
  const pace = { percentile: p, firstMs, lastMs, ratio, slower: ratio > worstRatio && beyondChance };
  return unjudged === undefined ? pace : { ...pace, unjudged };
}

/** What the links of others in their own namespace say against a verdict, or chance does. */
function whyUnjudged(
  first: Tenth,
  last: Tenth,
  { percentile: p, ratio, beyondChance }: { percentile: number; ratio: number; beyondChance: boolean },
): string | undefined {
  const [before, after] = [first.foreign.apartMs, last.foreign.apartMs];
  if (Math.min(before.length, after.length) < leastApart)
    return "links of others came and went too seldom to tell how fast the node was";
  const inMedian = median(after) / median(before);
  if (ratio <= worstRatio) {
    // What was slow at first hides that the rest is slower than that would have been.
    if (inMedian < 1 / steadyRatio && ratio / inMedian > worstRatio)
      return `the node itself had become faster: links of others took ${(1 / inMedian).toFixed(2)} times as long before`;
    return undefined;
  }
  const slowed = Math.max(inMedian, percentile(after, p / 100) / percentile(before, p / 100));
  if (slowed > steadyRatio)
    return `the node itself had become slower: links of others took ${slowed.toFixed(2)} times as long to come and go`;
  if (!beyondChance) return `${ratio.toFixed(2)} times as long may be chance, of so few that were so slow`;
  return undefined;
}

function timesOf({ cycles }: Tenth): number[] {
  return cycles.filter(({ failure }) => failure === undefined).map(({ tookMs }) => tookMs);
}
