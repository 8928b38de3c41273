import { describePlace, type Fault } from "#harness/proof/fault.ts";

/**
 * One line per fault, for people and programs: tier, name, place, what must detect it, what may follow, what it breaks
 * and why that matters, separated by tabs; several requirements by blanks.
 */
export function listFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ name, on, breaks, why, detectedBy, mayFollow = [] }) =>
      [on.tier, name, describePlace(on), detectedBy.join(" "), mayFollow.join(" "), breaks, why].join("\t"),
    )
    .join("\n");
}
