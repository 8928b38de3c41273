import type { Outcome } from "#harness/conformance/outcome.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { formatDuration } from "#reports/conformance/words.ts";
import { formatReason } from "./failures.ts";
import { indent, type Look, paint, shorten, signs } from "./look.ts";

/** A test that has ended, as it is told. */
export interface Finished {
  readonly target: string;
  readonly test: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly reason?: string | undefined;
  readonly reproduce?: string | undefined;
  readonly notes?: readonly string[] | undefined;
  readonly sawNothing?: boolean | undefined;
}

/** One finished test while the run lasts; a failure is shown with its text at once. */
export function formatFinished(finished: Finished, look: Look): string {
  const { symbol, style } = signs[finished.outcome];
  const left = `${finished.target}  ${formatDuration(finished.durationMs).padStart(8)}  `;
  const title = shorten(finished.test, Math.max(20, look.width - left.length - 2));
  const head = `${paint(look, style, symbol)} ${paint(look, "gray", left)}${title}`;
  if (finished.outcome === "passed") return head;
  if (finished.outcome === "failed" || finished.outcome === "error") {
    return [head, ...formatReason(finished, look, 12)].join("\n");
  }
  const what = finished.sawNothing ? "nothing seen" : finished.outcome;
  const notes = (finished.notes ?? []).map((note) => `${indent}${note}`);
  const why = paint(look, "gray", `${what}: ${firstLineOf(finished.reason)}`);
  return [head, `${indent}${why}`, ...notes].join("\n");
}
