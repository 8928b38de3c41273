import { compareSnapshots, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { percentile } from "#harness/core/figures/statistics.ts";

/** One attachment that was made and taken away again. */
export interface Cycle {
  /** From 1. */
  readonly number: number;
  /** Attach and detach together, in milliseconds. */
  readonly tookMs: number;
  /** What went wrong, in the words of who refused it; absent where nothing did. */
  readonly failure?: string;
}

/** How often links of others came and went each second, and how long it took from one time to the next, in milliseconds. */
export interface Foreign {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A tenth of all cycles, and what was there once nothing was attached any more. */
export interface Tenth {
  readonly cycles: readonly Cycle[];
  readonly snapshot: Snapshot;
  readonly foreign: Foreign;
  /** Why the machine had no time for it; absent where it had. */
  readonly starved?: string;
}

/** A kind of things of which there are more once everything is detached than there were after the first tenth. */
export interface Growth {
  readonly host: string;
  readonly kind: string;
  /** How many there were after each reading. */
  readonly counts: readonly number[];
  /** What is there and was not. */
  readonly extra: readonly string[];
}

/** What grew from the first reading to the last; with fewer than two nothing did. */
export function growthOf(readings: readonly Snapshot[]): Growth[] {
  const [first, ...later] = readings;
  const last = later.at(-1);
  if (!first || !last) return [];
  const extra = compareSnapshots(first, last).filter(({ change }) => change === "left behind");
  return Object.entries(last).flatMap(([host, kinds]) =>
    Object.keys(kinds).flatMap((kind) => {
      const counts = readings.map((reading) => reading[host]?.[kind]?.length ?? 0);
      if (counts.at(-1)! <= counts[0]!) return [];
      const things = extra.filter((one) => one.host === host && one.kind === kind);
      return [{ host, kind, counts, extra: things.map(({ thing }) => thing) }];
    }),
  );
}

/** How slow the last tenth was beside the first. */
export interface Pace {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly ratio: number;
  /** Why it is not judged; absent where it is. */
  readonly unjudged?: string;
}

export const worstRatio = 1.5;
/** Less than that between two tenths says nothing: a process that waits for its turn once is late by more. */
const leastMs = 50;
/** What others do on the node, the same all the time, may be slower by that factor before the node itself counts as slower. */
const steadyRatio = 1.25;

/** The p99 of the last tenth and of the first, of what succeeded; `undefined` where there are no two tenths. */
export function paceOf(tenths: readonly Tenth[]): Pace | undefined {
  const [first, ...later] = tenths;
  const last = later.at(-1);
  const [firstMs, lastMs] = [p99(first), p99(last)];
  if (!first || !last || firstMs === undefined || lastMs === undefined) return undefined;
  const slowed = Math.max(last.foreign.p50Ms / first.foreign.p50Ms, last.foreign.p99Ms / first.foreign.p99Ms);
  const unjudged =
    first.starved ??
    last.starved ??
    (lastMs - firstMs < leastMs
      ? `less than ${leastMs} ms of difference says nothing`
      : slowed > steadyRatio
        ? `the node itself had become slower: links of others took ${slowed.toFixed(2)} times as long to come and go`
        : undefined);
  const pace = { firstMs, lastMs, ratio: lastMs / firstMs };
  return unjudged === undefined ? pace : { ...pace, unjudged };
}

function p99(tenth: Tenth | undefined): number | undefined {
  const took = (tenth?.cycles ?? []).filter(({ failure }) => failure === undefined);
  return took.length === 0
    ? undefined
    : percentile(
        took.map(({ tookMs }) => tookMs),
        0.99,
      );
}

/** The numbers from 1 to `total` in ten parts of the same length, but for one. */
export function tenthsOf(total: number): number[][] {
  const bounds = Array.from({ length: 11 }, (_, index) => Math.round((total * index) / 10));
  return bounds
    .slice(1)
    .map((end, index) => Array.from({ length: end - bounds[index]! }, (_, one) => bounds[index]! + one + 1));
}
