import { table } from "#drivers/reference/dataplane/plan/tables.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";

const established = "ct_state=+trk+est";
/** Higher than that of any flow of a rule. */
const first = "priority=400";
/** As long as a flow lives by itself, where a change is to be late. */
const lateSeconds = 3;

/** Flows that let connections pass whatever the rules say by now, as the faults that are on say; by fault. */
const letting = {
  "established-kept-on-one-node": (node) =>
    node === "node1" ? [`table=${table.state},${first},${established},actions=NORMAL`] : [],
  "established-kept-over-udp": () =>
    ["udp", "udp6"].map((udp) => `table=${table.state},${first},${udp},${established},actions=NORMAL`),
  "established-kept-going-out": () => [
    `table=${table.out},${first},${established},actions=goto_table:${table.in}`,
    `table=${table.answerOut},${first},${established},actions=goto_table:${table.answerIn}`,
  ],
  "answers-go-on": () => [`table=${table.state},${first},ct_state=+trk+rpl,actions=NORMAL`],
  // Every change puts it there anew.
  "established-cut-late": () => [
    `table=${table.state},${first},hard_timeout=${lateSeconds},${established},actions=NORMAL`,
  ],
  "rules-bind-late": () => [
    `table=${table.state},${first},hard_timeout=${lateSeconds},ct_state=+trk+new,actions=goto_table:${table.commit}`,
  ],
} satisfies Partial<Record<ReferenceFaultName, (node: string) => string[]>>;

/** What of these faults is on, as flows of that node. */
export function lettingEstablished(node: string, faults: ReadonlySet<string>): string[] {
  return Object.entries(letting).flatMap(([name, flowsOn]) => (faults.has(name) ? flowsOn(node) : []));
}

const pauseSeconds = 5;

/** A flow that stops everything for a while once a plugin has started again, where that fault is on. */
export function pausing(faults: ReadonlySet<string>, startedAt: number): string[] {
  const on = faults.has("forwarding-stops-on-restart" satisfies ReferenceFaultName);
  if (!on || Date.now() - startedAt > 1000 * pauseSeconds) return [];
  return [`table=${table.port},priority=500,hard_timeout=${pauseSeconds},actions=drop`];
}
