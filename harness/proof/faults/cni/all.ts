import type { Fault } from "#harness/proof/fault.ts";
import { addFaults } from "./add.ts";
import { attachmentFaults, listFaults } from "./attachments.ts";
import { checkFaults } from "./check.ts";
import { concurrencyFaults } from "./concurrency.ts";
import { delFaults } from "./del.ts";
import { delegationFaults } from "./delegation.ts";
import { errorFaults } from "./errors.ts";
import { upkeepFaults } from "./upkeep.ts";

/**
 * Every fault of the debug plugins. All are at work at the newest version but those of rules that only an older version
 * has: the other rules are tested by the same code at every version.
 */
export const cniFaults: readonly Fault<"cni">[] = [
  ...errorFaults,
  ...addFaults,
  ...delFaults,
  ...checkFaults,
  ...upkeepFaults,
  ...delegationFaults,
  ...attachmentFaults,
  ...listFaults,
  ...concurrencyFaults,
];
