import type { Outcome } from "#harness/conformance/outcome.ts";
import type { Statement } from "#reports/conformance/schema.ts";

/** `in part`: all that was met is provisional, and of that some passed and some did not. */
type Shown = "something" | "provisional" | "in part" | "nothing";

/**
 * What there is to show at all: something that passed or was within a gate, or that passed and is provisional, or nothing. What is provisional
 * makes no run red beside anything else; where there is nothing else the run is about it, and what failed is not hidden by what passed.
 */
export function shownBy({ summary, targets, gates = [] }: Statement): Shown {
  if (summary.passed > 0 || gates.some(({ outcome }) => outcome === "passed")) return "something";
  const provisional = targets.flatMap(({ results }) => results).filter((result) => result.provisional);
  const has = (...wanted: readonly Outcome[]) => provisional.some(({ outcome }) => wanted.includes(outcome));
  if (!has("passed")) return "nothing";
  return has("failed", "error") ? "in part" : "provisional";
}

/**
 * Whether a run may end with exit code 0: it is complete, there is something to show, nothing failed and nothing broke, and every gate passed.
 * Blocked and unsupported requirements do not make it red; the verdicts say what they cost.
 */
export function isGreen(statement: Statement): boolean {
  const { summary, run, errors, gates = [] } = statement;
  return (
    run.complete &&
    ["something", "provisional"].includes(shownBy(statement)) &&
    summary.failed === 0 &&
    summary.error === 0 &&
    errors.length === 0 &&
    gates.every(({ outcome }) => outcome === "passed")
  );
}
