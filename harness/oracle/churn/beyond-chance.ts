/** How seldom two samples of the same times differ as much by chance, before they count as different. */
const seldom = 0.001;
/** Of the standard normal distribution, what is above it that seldom. */
const seldomZ = 3.09;

/** What counts as longer: so many times as long as before, and, of single ones, beyond that limit. */
export interface Longer {
  readonly times: number;
  readonly limit: number;
}

/**
 * Whether `later` are so many times as long as `earlier` by more than chance: most of them (the rank sum of Mann and Whitney), or more of
 * them than before are beyond the limit (the exact test of Fisher).
 */
export function isLonger(
  earlier: readonly number[],
  later: readonly number[],
  { times, limit }: Longer,
): boolean {
  const asLong = earlier.map((one) => one * times);
  return rankZ(asLong, later) > seldomZ || moreBeyond(earlier, later, limit) < seldom;
}

/** Whether samples of that size can differ by more than chance at all. */
export function canTell(size: number): boolean {
  const ones = Array.from({ length: size }, () => 1);
  return isLonger(
    ones,
    ones.map(() => 3),
    { times: 2, limit: 2 },
  );
}

/** By how many standard deviations more of all pairs have the longer one in `later` than half of them. */
function rankZ(earlier: readonly number[], later: readonly number[]): number {
  const [n, m] = [earlier.length, later.length];
  if (n === 0 || m === 0) return 0;
  let longer = 0;
  for (const one of later) {
    for (const other of earlier) longer += one > other ? 1 : one === other ? 0.5 : 0;
  }
  return (longer - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

/** How probable it is by chance that as many of all that are beyond `limit` are among the later ones. */
function moreBeyond(earlier: readonly number[], later: readonly number[], limit: number): number {
  const beyond = (values: readonly number[]) => values.filter((value) => value > limit).length;
  const [n, m, late] = [earlier.length, later.length, beyond(later)];
  const all = beyond(earlier) + late;
  let probability = 0;
  for (let drawn = late; drawn <= Math.min(all, m); drawn++) {
    probability += Math.exp(lnChoose(m, drawn) + lnChoose(n, all - drawn) - lnChoose(n + m, all));
  }
  return probability;
}

function lnChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  let ln = 0;
  for (let factor = 1; factor <= k; factor++) ln += Math.log((n - k + factor) / factor);
  return ln;
}
