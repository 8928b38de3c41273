import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { tutorialRequirements } from "#suites/requirements/tutorial.ts";
import { saboteurs } from "./saboteurs.ts";

/** A MUST that no saboteur kills. */
export interface Unproved {
  readonly requirement: RequirementId;
  /** Why it cannot be proved; without one it is a gap. */
  readonly reason: string | undefined;
}

/** Every MUST of the tutorial that no saboteur kills. */
export function unprovedRequirements(): Unproved[] {
  const killed = new Set<string>(saboteurs.flatMap(({ kills }) => kills));
  return (Object.keys(tutorialRequirements) as RequirementId[])
    .filter((id) => requirementOf(id).level === "MUST" && !killed.has(id))
    .map((id) => ({ requirement: id, reason: requirementOf(id).unprovable }));
}
