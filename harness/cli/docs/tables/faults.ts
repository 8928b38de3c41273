import { cnmFaults, type ProtocolFault } from "#drivers/reference/faults/tables/cnm.ts";
import { markdownTable } from "#harness/core/markdown.ts";
import { faults } from "#harness/proof/faults/all.ts";
import { cniFaults } from "#harness/proof/faults/cni.ts";

/** Every fault that `npm run prove` injects. */
export function faultsTable(): string {
  const all = [
    ...faults.map(({ name, chapter, driver, breaks, detectedBy }) => ({
      ...{ name, breaks, on: `${chapter} on ${driver}`, detectedBy },
    })),
    ...Object.entries<ProtocolFault>(cnmFaults).map(([name, { does, detectedBy }]) => ({
      ...{ name, breaks: does, on: "cnm", detectedBy: [detectedBy] },
    })),
    ...cniFaults.map(({ name, why, plugin, version = "1.1.0", detectedBy }) => ({
      ...{ name, breaks: why, on: `${plugin} at ${version}`, detectedBy },
    })),
  ];
  return markdownTable(
    ["fault", "on", "what it breaks", "detected by"],
    all.map(({ name, on, breaks, detectedBy }) => [`\`${name}\``, on, breaks, detectedBy.join(" ")]),
  );
}
