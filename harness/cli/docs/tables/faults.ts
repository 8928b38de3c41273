import { markdownTable } from "#harness/core/text/markdown.ts";
import { describePlace } from "#harness/proof/fault.ts";
import { faults } from "#harness/proof/faults/all.ts";
import { describeExpected } from "#harness/proof/report/table.ts";

/** Every fault that `npm run prove` injects. */
export function faultsTable(): string {
  return markdownTable(
    ["fault", "tier", "on", "what it breaks", "detected by"],
    faults.map((fault) => [
      ...[`\`${fault.name}\``, fault.on.tier, describePlace(fault.on), fault.breaks, describeExpected(fault)],
    ]),
  );
}
