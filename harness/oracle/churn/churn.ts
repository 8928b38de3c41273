import { compareSnapshots, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { median } from "#harness/core/figures/statistics.ts";
import type { Foreign } from "./foreign.ts";

/** One attachment that was made and taken away again. */
export interface Cycle {
  /** From 1. */
  readonly number: number;
  /** Attach and detach together, in milliseconds. */
  readonly tookMs: number;
  /** What went wrong, in the words of who refused it; absent where nothing did. */
  readonly failure?: string;
}

/** A tenth of all cycles, and what was there once nothing was attached any more. */
export interface Tenth {
  readonly cycles: readonly Cycle[];
  readonly snapshot: Snapshot;
  readonly foreign: Foreign;
  /** Why the machine had no time for it; absent where it had. */
  readonly starved?: string;
}

/** A kind of things of which more and more are there once everything is detached. */
export interface Growth {
  readonly host: string;
  readonly kind: string;
  /** How many there were after each reading. */
  readonly counts: readonly number[];
  /** Numbers, from 1, of the readings that had more than the one before; one of them where something was left once. */
  readonly rises: readonly number[];
  /** How much was added from one reading to the next, in the median of all pairs of readings (Theil and Sen). */
  readonly slope: number;
  /** What is there and was not. */
  readonly extra: readonly string[];
}

/** Of all pairs of readings so many more must have grown than shrunk (Kendall's tau), from so many readings on, and by so many things in all. */
const trend = { tau: 0.5, readings: 8, things: 3 } as const;

/**
 * What there is more of after the last reading than after the first, and what grew all the time although the first reading had something that went: with
 * fewer than two readings nothing did.
 */
export function growthOf(readings: readonly Snapshot[]): Growth[] {
  const [first, ...later] = readings;
  const last = later.at(-1);
  if (!first || !last) return [];
  const extra = compareSnapshots(first, last).filter(({ change }) => change === "left behind");
  return Object.entries(last).flatMap(([host, kinds]) =>
    Object.keys(kinds).flatMap((kind) => {
      const counts = readings.map((reading) => reading[host]?.[kind]?.length ?? 0);
      if (counts.at(-1)! <= counts[0]! && !isTrend(counts)) return [];
      const things = extra.filter((one) => one.host === host && one.kind === kind);
      const rises = counts.flatMap((count, index) =>
        count > (counts[index - 1] ?? count) ? [index + 1] : [],
      );
      const slope = median(pairsOf(counts).map(({ change, apart }) => change / apart));
      return [{ host, kind, counts, rises, slope, extra: things.map(({ thing }) => thing) }];
    }),
  );
}

function isTrend(counts: readonly number[]): boolean {
  if (counts.length < trend.readings || counts.at(-1)! - Math.min(...counts) < trend.things) return false;
  const pairs = pairsOf(counts);
  return pairs.reduce((sum, { change }) => sum + Math.sign(change), 0) >= trend.tau * pairs.length;
}

/** What changed between any two counts, and how far apart they are. */
function pairsOf(counts: readonly number[]): { change: number; apart: number }[] {
  return counts.flatMap((before, first) =>
    counts.slice(first + 1).map((after, index) => ({ change: after - before, apart: index + 1 })),
  );
}

/** The numbers from 1 to `total` in ten parts of the same length, but for one. */
export function tenthsOf(total: number): number[][] {
  const bounds = Array.from({ length: 11 }, (_, index) => Math.round((total * index) / 10));
  return bounds
    .slice(1)
    .map((end, index) => Array.from({ length: end - bounds[index]! }, (_, one) => bounds[index]! + one + 1));
}
