import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { cniFaults } from "./cni-faults.ts";
import { cnmFaults } from "./cnm-faults.ts";
import { saboteurs } from "./saboteurs.ts";

/** A MUST that no saboteur and no fault kills. */
export interface Unproved {
  readonly requirement: RequirementId;
  /** Why it cannot be proved; without one it is a gap. */
  readonly reason: string | undefined;
}

/** Every MUST of the catalogue that no saboteur and no fault kills. */
export function unprovedRequirements(): Unproved[] {
  const killed = new Set<string>([
    ...saboteurs.flatMap(({ kills }) => kills),
    ...Object.values(cnmFaults).map(({ kills }) => kills),
    ...cniFaults.flatMap(({ kills }) => kills),
  ]);
  return requirementIds
    .filter((id) => requirementOf(id).level === "MUST" && !killed.has(id))
    .map((id) => ({ requirement: id, reason: requirementOf(id).unprovable }));
}
