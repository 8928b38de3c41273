import type { PolicySemantics } from "#drivers/driver.ts";
import type { CaseRule, PolicyCase } from "./case.ts";
import { type Setting, type Step, stepsOf, undoing } from "./steps.ts";

/** No rule of a case has such an id: one that stayed is not replaced by that of a closing. */
const prefix = "closing";

/** Where both groups are closed to everybody, and what is done for that. */
export interface Closing {
  readonly given: PolicyCase;
  readonly steps: readonly Step[];
  readonly undo: readonly Step[];
}

/**
 * Closes both groups by the least of rules, direction by direction: a rule that allows and was not deleted in truth changes nothing while
 * everything is open, and is seen then. One direction at a time, since a flow that one end closes shows nothing of the other one.
 */
export function closings(setting: Setting, { combine }: PolicySemantics): Closing[] {
  return (["in", "out"] as const).map((direction) => {
    const rule: CaseRule = {
      ...{ policy: "shared", direction, protocol: "any", port: "every", priority: 1 },
      // Where rules only allow, the first one closes a group to everybody else, and nobody of another network is there.
      ...(combine === "additive"
        ? { action: "allow", peer: "another network" }
        : { action: "deny", peer: "everybody" }),
    };
    const given: PolicyCase = { order: "plain", rules: [rule], earlier: [] };
    return { given, steps: stepsOf(given, setting, prefix), undo: undoing(given, prefix) };
  });
}
