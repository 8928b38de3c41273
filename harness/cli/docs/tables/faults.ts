import { markdownTable } from "#harness/core/text/markdown.ts";
import { describePlace } from "#harness/proof/fault.ts";
import { chapterFaults, faults } from "#harness/proof/faults/all.ts";
import { describeExpected } from "#harness/proof/report/table.ts";
import { type HopStanding, hopStandingOf } from "#harness/proof/report/unfollowed.ts";

/** Every fault that `npm run prove` injects. */
export function faultsTable(): string {
  return markdownTable(
    ["fault", "tier", "on", "what it breaks", "detected by"],
    faults.map((fault) => [
      ...[`\`${fault.name}\``, fault.on.tier, describePlace(fault.on), fault.breaks, describeExpected(fault)],
    ]),
  );
}

const standings: Readonly<Record<HopStanding, string>> = {
  named: "the failure must tell the hop",
  none: "there is none: the reason stands beside the fault",
  unfollowed: "not of that kind: what must detect it asks for no packet",
};

/** How many faults of chapters name the hop on which packets are lost or get through, and how many do not, and why. */
export function hopsTable(): string {
  const counts = Map.groupBy(chapterFaults, hopStandingOf);
  return markdownTable(
    ["faults of chapters", "hop"],
    Object.entries(standings).map(([standing, says]) => [
      `${counts.get(standing as HopStanding)?.length ?? 0}`,
      says,
    ]),
  );
}
