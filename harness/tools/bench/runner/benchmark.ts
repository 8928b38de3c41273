import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "#harness/core/errors.ts";
import type { BenchContext } from "./context.ts";

export const units = ["ms", "s", "MB", ""] as const;
/** What a figure counts; empty for a plain number. */
export type Unit = (typeof units)[number];

/** One line of the table: a figure, what it is held against in the same run, and what is aimed at. */
export interface BenchmarkRow {
  /** Tells it from the other rows of its benchmark, where `what` does so by a number; default: `what`, its numbers apart. */
  readonly id?: string;
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** The same work done in the plain way, in the same unit. */
  readonly baseline?: { readonly what: string; readonly value: number };
  /** What `value`, or `value / baseline`, should be at most. Told, never asserted: machines differ. */
  readonly aim?: { readonly of: "value" | "ratio"; readonly atMost: number };
  /** What exactly was counted, where the first column cannot say it. */
  readonly note?: string;
  /** What keeps the figure from being smaller, and how far from that it is. */
  readonly limit?: string;
}

/** What every `*.bench.ts` below `harness/tools/bench/` exports. */
export interface Benchmark {
  /** As `--only` takes it. */
  readonly name: string;
  readonly title: string;
  /** Takes many minutes: runs where it is named, or with `--long`. */
  readonly long?: boolean;
  /** Measures. Throws when the work that is measured does not succeed: its time would mean nothing. */
  run(context: BenchContext): Promise<readonly BenchmarkRow[]>;
}

export function ratioOf({ value, baseline }: BenchmarkRow): number | undefined {
  return baseline && value / baseline.value;
}

/** Whether the aim is met; `undefined` where there is none. */
export function isMet(row: BenchmarkRow): boolean | undefined {
  if (!row.aim) return undefined;
  const figure = row.aim.of === "value" ? row.value : ratioOf(row);
  return figure === undefined ? undefined : figure <= row.aim.atMost;
}

const folder = join(import.meta.dirname, "..");

/** Every benchmark in the folder, by name. Throws when a module there is not one. */
export async function loadBenchmarks(): Promise<Benchmark[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".bench.ts"));
  return Promise.all(
    files.sort().map(async (file) => {
      const module: Partial<Benchmark> = await import(join(folder, file));
      const { name, title, long = false, run } = module;
      if (typeof name !== "string" || typeof title !== "string" || typeof run !== "function") {
        throw new HarnessError(
          `harness/tools/bench/${file}: expected exports name, title and run, got ${Object.keys(module).join(", ") || "none"}`,
        );
      }
      return { name, title, long, run };
    }),
  );
}
