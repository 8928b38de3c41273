import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import type { RuleState } from "#drivers/reference/model/state/state.ts";

const portOutOfRange: ReferenceFaultName = "port-out-of-range-cut";
const withoutName: ReferenceFaultName = "rule-refused-without-name";

/** What the plugin takes a rule for, which is what it says while no fault is on. */
export function faultyRule(rule: RuleState, faults: ReadonlySet<string>): RuleState {
  return faults.has(portOutOfRange) ? { ...rule, port: rule.port & 0xffff } : rule;
}

/** How the plugin refuses a rule, which says what is wrong with it while no fault is on. */
export function faultyRefusal<Result>(add: () => Result, faults: ReadonlySet<string>): Result {
  if (!faults.has(withoutName)) return add();
  try {
    return add();
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal("the rule cannot be added");
    throw error;
  }
}
