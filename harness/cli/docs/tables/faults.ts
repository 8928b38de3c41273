import { markdownTable } from "#harness/core/text/markdown.ts";
import { describePlace } from "#harness/proof/fault.ts";
import { faults } from "#harness/proof/faults/all.ts";

/** Every fault that `npm run prove` injects. */
export function faultsTable(): string {
  return markdownTable(
    ["fault", "tier", "on", "what it breaks", "detected by"],
    faults.map(({ name, on, breaks, detectedBy }) => [
      ...[`\`${name}\``, on.tier, describePlace(on), breaks, detectedBy.join(" ")],
    ]),
  );
}
