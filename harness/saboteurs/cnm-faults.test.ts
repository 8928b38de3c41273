import { expect, it } from "vitest";
import { cnmRequirements } from "#suites/requirements/cnm.ts";
import { cnmFaults, type ProtocolFault } from "./cnm-faults.ts";

const faults = Object.entries<ProtocolFault>(cnmFaults);

it.each(Object.keys(cnmRequirements))("some fault kills %s", (requirement) => {
  expect(faults.filter(([, fault]) => fault.kills === requirement)).not.toEqual([]);
});
