import { faults } from "#harness/proof/faults/all.ts";
import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";

/** A MUST that no fault is detected by as the plugin's. */
export interface Unproved {
  readonly requirement: RequirementId;
  /** Why it cannot be proved; without one it is a gap. */
  readonly reason: string | undefined;
}

/** Every MUST of the catalogue that no fault is detected by. */
export function unprovedRequirements(): Unproved[] {
  const proved = new Set(
    faults.flatMap(({ detectedBy, outcome }) => (outcome === undefined ? detectedBy : [])),
  );
  return requirementIds
    .filter((id) => requirementOf(id).level === "MUST" && !proved.has(id))
    .map((id) => ({ requirement: id, reason: requirementOf(id).unprovable }));
}
