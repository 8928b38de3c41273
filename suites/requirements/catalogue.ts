import { cniRequirements } from "./cni.ts";
import { cnmRequirements } from "./cnm.ts";
import { pluginRequirements } from "./plugin.ts";
import { remoteRequirements } from "./remote.ts";
import type { Requirement } from "./requirement.ts";
import { tutorialRequirements } from "./tutorial.ts";

/** Every rule the suite knows, by id. A test cites one of these ids or does not compile. */
export const catalogue = {
  ...tutorialRequirements,
  ...pluginRequirements,
  ...remoteRequirements,
  ...cnmRequirements,
  ...cniRequirements,
} as const;

export type RequirementId = keyof typeof catalogue;

export function isRequirementId(id: string): id is RequirementId {
  return Object.hasOwn(catalogue, id);
}

/** The rule behind an id. */
export function requirementOf(id: RequirementId): Requirement {
  return catalogue[id];
}

export const requirementIds = Object.keys(catalogue) as RequirementId[];
