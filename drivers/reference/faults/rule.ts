import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { Rule } from "#drivers/reference/model/state.ts";

const portOutOfRange: ReferenceFaultName = "port-out-of-range-cut";

/** What the plugin takes a rule for, which is what it says while no fault is on. */
export function faultyRule(rule: Rule, faults: ReadonlySet<string>): Rule {
  return faults.has(portOutOfRange) ? { ...rule, port: rule.port & 0xffff } : rule;
}
