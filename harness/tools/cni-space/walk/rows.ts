import type { Level } from "#suites/requirements/requirement.ts";
import { type CniRequirementId, cniRequirements } from "#suites/requirements/rules/cni.ts";

/** What a configuration is asked that the specification does not ask: by the plugin's own documentation. */
const own = {
  option: "an option does what the plugin's page says of it",
  reach: "packets come through to a container that is attached",
} as const;

/** The rules of the specification that a configuration can break, in the order of the table. */
const cited = [
  ...["CNI-1", "CNI-2c", "CNI-4a", "CNI-4b", "CNI-5a", "CNI-5b", "CNI-5c", "CNI-5d", "CNI-5e", "CNI-6a"],
  ...["CNI-9a", "CNI-9b", "CNI-10b", "CNI-10c", "CNI-10d", "CNI-11a", "CNI-16a", "CNI-17b", "CNI-21"],
] as const satisfies readonly CniRequirementId[];

export type RowId = (typeof cited)[number] | keyof typeof own;

export const rowIds: readonly RowId[] = [...cited, "option", "reach"];

export function titleOf(id: RowId): string {
  return id === "option" || id === "reach" ? own[id] : cniRequirements[id].title;
}

/** `undefined` for what the specification does not ask. */
export function levelOf(id: RowId): Level | undefined {
  return id === "option" || id === "reach" ? undefined : cniRequirements[id].level;
}

/** What became of a rule in one configuration. What was not tried is never passed. */
export interface Verdict {
  readonly outcome: "passed" | "failed" | "not run";
  /** What was expected and what was seen, or why it was not tried. */
  readonly reasons: readonly string[];
}
