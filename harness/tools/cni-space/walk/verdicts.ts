import { Nonconformance } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import type { RowId, Verdict } from "./rows.ts";

/** Gathers what becomes of the rules in one configuration: a rule that was broken once is broken. */
export class Verdicts {
  readonly #told = new Map<RowId, Verdict>();

  /** Judges a rule by what `body` throws; whether it held. Errors of the suite pass through. */
  async judge(id: RowId, body: () => Promise<void> | void): Promise<boolean> {
    try {
      await body();
    } catch (error) {
      if (!(error instanceof Nonconformance)) throw error;
      this.fail(id, firstLineOf(error.message));
      return false;
    }
    if (!this.#told.has(id) || this.#told.get(id)?.outcome === "not run") {
      this.#told.set(id, { outcome: "passed", reasons: [] });
    }
    return true;
  }

  fail(id: RowId, reason: string): void {
    const before = this.#told.get(id);
    const reasons = before?.outcome === "failed" ? before.reasons : [];
    this.#told.set(id, { outcome: "failed", reasons: [...new Set([...reasons, reason])] });
  }

  /** Only where nothing else was seen of it. */
  skip(id: RowId, why: string): void {
    if (!this.#told.has(id)) this.#told.set(id, { outcome: "not run", reasons: [why] });
  }

  all(): Readonly<Partial<Record<RowId, Verdict>>> {
    return Object.fromEntries(this.#told);
  }
}
