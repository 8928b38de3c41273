import { settledBefore } from "./before.ts";
import type { Decision } from "./decision.ts";
import { decisions } from "./decisions.ts";

/**
 * Whether what a requirement ends with is told and no verdict: it is new and was not promoted, or was demoted since. `made`: the decisions,
 * the newest last.
 */
export function isProvisional(requirement: string, made: readonly Decision[] = decisions): boolean {
  const last = made.findLast((decision) => decision.requirement === requirement);
  return last === undefined ? !settledBefore.has(requirement) : last.to === "provisional";
}
