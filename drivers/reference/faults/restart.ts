import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import { emptyState } from "#drivers/reference/model/state/state.ts";

/** What a plugin that starts again does not know any more, which is nothing while no fault is on. */
export function forgetOnRestart(model: Model, faults: ReadonlySet<string>): void {
  const on = (fault: ReferenceFaultName) => faults.has(fault);
  if (on("policy-lost-on-restart")) {
    model.change(({ state }) => {
      for (const policy of Object.values(state.policies)) policy.rules = {};
    });
  }
  if (on("networks-lost-on-restart")) model.change(({ state }) => void Object.assign(state, emptyState()));
}
