import { expect, it } from "vitest";
import { cnmFaults, type ProtocolFault } from "#drivers/reference/faults/tables/cnm.ts";
import { cnmRequirements } from "#suites/requirements/cnm.ts";

const faults = Object.entries<ProtocolFault>(cnmFaults);

it.each(Object.keys(cnmRequirements))("some fault detectedBy %s", (requirement) => {
  expect(faults.filter(([, fault]) => fault.detectedBy === requirement)).not.toEqual([]);
});
