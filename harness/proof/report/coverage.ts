import { faults } from "#harness/proof/faults/all.ts";
import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";

/** Every MUST of the catalogue that no fault is detected by as the plugin's. */
export function unprovedRequirements(): RequirementId[] {
  const proved = new Set(
    faults.flatMap(({ detectedBy, outcome }) => (outcome === undefined ? detectedBy : [])),
  );
  return requirementIds.filter((id) => requirementOf(id).level === "MUST" && !proved.has(id));
}
