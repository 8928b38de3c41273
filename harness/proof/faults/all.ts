import type { Fault } from "#harness/proof/fault.ts";
import { attachmentFaults } from "./attachments.ts";
import { engineFaults } from "./engine.ts";
import { interfaceFaults } from "./interfaces.ts";
import { leftoverFaults } from "./leftovers.ts";
import { nameFaults } from "./names.ts";
import { faultsOfReference, faultsOfReferenceCni } from "./reference.ts";
import { remoteFaults } from "./remote.ts";
import { translationFaults } from "./translation.ts";
import { wireFaults } from "./wire.ts";

/** Every fault that `FAULT=name` injects; `npm run prove` injects each of them. */
export const faults: readonly Fault[] = [
  ...engineFaults,
  ...interfaceFaults,
  ...attachmentFaults,
  ...wireFaults,
  ...nameFaults,
  ...translationFaults,
  ...leftoverFaults,
  ...faultsOfReference,
  ...faultsOfReferenceCni,
  ...remoteFaults,
];
