import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { RuleState } from "#drivers/reference/model/state/state.ts";

const portOutOfRange: ReferenceFaultName = "port-out-of-range-cut";

/** What the plugin takes a rule for, which is what it says while no fault is on. */
export function faultyRule(rule: RuleState, faults: ReadonlySet<string>): RuleState {
  return faults.has(portOutOfRange) ? { ...rule, port: rule.port & 0xffff } : rule;
}
