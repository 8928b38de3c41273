import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

/** The BGP sessions that the plugin lists, which is the truth while no fault is on. */
export function faultySessions<T>(sessions: readonly T[], faults: ReadonlySet<string>): readonly T[] {
  return faults.has("sessions-not-listed" satisfies ReferenceFaultName) ? [] : sessions;
}

/** What the plugin lists, which is the truth while no fault is on. */
export function faultyListing(state: Readonly<State>, faults: ReadonlySet<string>): Readonly<State> {
  if (faults.size === 0) return state;
  const on = (fault: ReferenceFaultName) => faults.has(fault);
  const listed = structuredClone(state) as State;
  if (on("tenant-not-listed")) listed.tenants = listed.tenants.slice(0, 1);
  if (on("group-not-listed")) listed.groups = {};
  if (on("vlan-listed-without-tag")) {
    for (const network of Object.values(listed.networks)) if (network.encap === "vlan") network.tag = 0;
  }
  if (on("rule-listed-without-port")) {
    for (const policy of Object.values(listed.policies)) {
      for (const rule of Object.values(policy.rules)) rule.port = 0;
    }
  }
  return listed;
}
