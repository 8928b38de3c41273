import { cnmFaultNames, cnmFaults } from "#drivers/reference/faults/tables/cnm.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { newestPlayedEngine } from "#suites/requirements/played-engine.ts";

/** Every way in which the reference plugin breaks the CNM protocol, for the CNM suite as the newest engine plays it. */
export const cnmSuiteFaults: readonly Fault<"cnm">[] = cnmFaultNames.map((name) => ({
  ...cnmFaults[name],
  name,
  on: { tier: "cnm", plugin: "reference", engine: newestPlayedEngine },
  inject: { switchOn: name },
}));
