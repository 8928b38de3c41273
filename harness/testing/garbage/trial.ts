import type fc from "fast-check";
import { readSettings } from "#harness/core/settings/settings.ts";

/** Longest time of one property, in milliseconds; a case of it takes a few. */
export const trialMs = 1_200_000;

/** What fast-check is told: how many cases, and from which seed. `share` is the part of them that a property tries which is slow. */
export function trial<T>(share = 1): fc.Parameters<T> {
  const { GARBAGE_CASES: cases, GARBAGE_SEED: seed } = readSettings();
  return { numRuns: Math.max(1, Math.ceil(cases * share)), seed };
}

/** How often each end came; told where somebody asked for more cases than usual. */
export class Ends {
  readonly #counts = new Map<string, number>();
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  add(ends: Iterable<string>): void {
    for (const end of new Set(ends)) this.#counts.set(end, (this.#counts.get(end) ?? 0) + 1);
  }

  tell(): void {
    const { GARBAGE_CASES: cases } = readSettings();
    if (cases < 1_000) return;
    const told = [...this.#counts].sort((a, b) => b[1] - a[1]).map(([end, count]) => `${end} ${count}`);
    process.stdout.write(`${this.#what}: ${told.join(", ")}\n`);
  }
}
