import { cnmFaults } from "#drivers/reference/faults/tables/cnm.ts";
import { faults } from "#harness/proof/faults/all.ts";
import { cniFaults } from "#harness/proof/faults/cni.ts";
import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";

/** A MUST that no fault and no fault detectedBy. */
export interface Unproved {
  readonly requirement: RequirementId;
  /** Why it cannot be proved; without one it is a gap. */
  readonly reason: string | undefined;
}

/** Every MUST of the catalogue that no fault and no fault detectedBy. */
export function unprovedRequirements(): Unproved[] {
  const killed = new Set<string>([
    ...faults.flatMap(({ detectedBy }) => detectedBy),
    ...Object.values(cnmFaults).map(({ detectedBy }) => detectedBy),
    ...cniFaults.flatMap(({ detectedBy }) => detectedBy),
  ]);
  return requirementIds
    .filter((id) => requirementOf(id).level === "MUST" && !killed.has(id))
    .map((id) => ({ requirement: id, reason: requirementOf(id).unprovable }));
}
