import type { Statement } from "#reports/conformance/schema.ts";

/**
 * What there is to show at all: something that passed or was within a gate, or that passed and is provisional, or nothing. A run that met
 * only what is provisional is not red for it.
 */
export function shownBy({
  summary,
  targets,
  gates = [],
}: Statement): "something" | "provisional" | "nothing" {
  if (summary.passed > 0 || gates.some(({ outcome }) => outcome === "passed")) return "something";
  const results = targets.flatMap((target) => target.results);
  const isProvisional = results.some(({ outcome, provisional }) => provisional && outcome === "passed");
  return isProvisional ? "provisional" : "nothing";
}

/**
 * Whether a run may end with exit code 0: it is complete, there is something to show, nothing failed and nothing broke, and every gate passed.
 * Blocked and unsupported requirements do not make it red; the verdicts say what they cost.
 */
export function isGreen(statement: Statement): boolean {
  const { summary, run, errors, gates = [] } = statement;
  return (
    run.complete &&
    shownBy(statement) !== "nothing" &&
    summary.failed === 0 &&
    summary.error === 0 &&
    errors.length === 0 &&
    gates.every(({ outcome }) => outcome === "passed")
  );
}
