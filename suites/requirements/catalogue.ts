import type { Requirement } from "./requirement.ts";
import { attachmentRequirements } from "./rules/attachment.ts";
import { bgpRequirements } from "./rules/bgp.ts";
import { cniRequirements } from "./rules/cni.ts";
import { cnmRequirements } from "./rules/cnm.ts";
import { connectionRequirements } from "./rules/connections.ts";
import { datapathRequirements } from "./rules/datapath.ts";
import { disorderRequirements } from "./rules/disorder.ts";
import { encryptionRequirements } from "./rules/encryption.ts";
import { ipv6Requirements } from "./rules/ipv6.ts";
import { lifecycleRequirements } from "./rules/lifecycle.ts";
import { pluginRequirements } from "./rules/plugin.ts";
import { remoteRequirements } from "./rules/remote.ts";
import { tutorialRequirements } from "./rules/tutorial.ts";
import { isProvisional } from "./standing/standing.ts";

/** Every rule the suite knows, by id. A test cites one of these ids or does not compile. */
export const catalogue = withStanding({
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
  ...connectionRequirements,
  ...cnmRequirements,
  ...cniRequirements,
} as const);

export type RequirementId = keyof typeof catalogue;

export function isRequirementId(id: string): id is RequirementId {
  return Object.hasOwn(catalogue, id);
}

/** The rule behind an id. */
export function requirementOf(id: RequirementId): Requirement {
  return catalogue[id];
}

/** A new requirement is provisional until it is promoted. */
function withStanding<Rules extends Readonly<Record<string, Requirement>>>(rules: Rules): Rules {
  const standing = Object.entries(rules).map(([id, rule]) => [
    id,
    isProvisional(id) ? { ...rule, provisional: true } : rule,
  ]);
  return Object.fromEntries(standing) as Rules;
}

export const requirementIds = Object.keys(catalogue) as RequirementId[];
