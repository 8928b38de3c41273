import type { Requirement } from "./requirement.ts";
import { attachmentRequirements } from "./rules/attachment.ts";
import { bgpRequirements } from "./rules/bgp.ts";
import { cniRequirements } from "./rules/cni.ts";
import { cnmRequirements } from "./rules/cnm.ts";
import { datapathRequirements } from "./rules/datapath.ts";
import { disorderRequirements } from "./rules/disorder.ts";
import { encryptionRequirements } from "./rules/encryption.ts";
import { ipv6Requirements } from "./rules/ipv6.ts";
import { lifecycleRequirements } from "./rules/lifecycle.ts";
import { pluginRequirements } from "./rules/plugin.ts";
import { remoteRequirements } from "./rules/remote.ts";
import { tutorialRequirements } from "./rules/tutorial.ts";

/** Every rule the suite knows, by id. A test cites one of these ids or does not compile. */
export const catalogue = {
  ...tutorialRequirements,
  ...attachmentRequirements,
  ...pluginRequirements,
  ...datapathRequirements,
  ...ipv6Requirements,
  ...encryptionRequirements,
  ...bgpRequirements,
  ...lifecycleRequirements,
  ...remoteRequirements,
  ...disorderRequirements,
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
