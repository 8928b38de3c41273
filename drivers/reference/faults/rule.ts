import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import type { RuleState } from "#drivers/reference/model/state/state.ts";

const portOutOfRange: ReferenceFaultName = "port-out-of-range-cut";
const withoutName: ReferenceFaultName = "rule-refused-without-name";
const firstWins: ReferenceFaultName = "first-rule-wins";

/** What the plugin takes a rule for, which is what it says while no fault is on; `earlier` are the rules that its policy has. */
export function faultyRule(
  rule: RuleState,
  earlier: readonly RuleState[],
  faults: ReadonlySet<string>,
): RuleState {
  if (faults.has(portOutOfRange)) return { ...rule, port: rule.port & 0xffff };
  if (faults.has(firstWins) && rule.priority > 1 && earlier.some((other) => isTied(rule, other)))
    return { ...rule, priority: rule.priority - 1 };
  return rule;
}

/** Whether two rules are for the same packets, with the same priority. */
export function isTied(one: RuleState, other: RuleState): boolean {
  return (["direction", "protocol", "port", "priority"] as const).every((key) => one[key] === other[key]);
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
