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
  "established-kept-over-ipv6": () => [`table=${table.state},${first},ipv6,${established},actions=NORMAL`],
  "answers-go-on": () => [`table=${table.state},${first},ct_state=+trk+rpl,actions=NORMAL`],
  // Every change puts it there anew.
  "established-cut-late": () => [
    `table=${table.state},${first},hard_timeout=${lateSeconds},${established},actions=NORMAL`,
  ],
} satisfies Partial<Record<ReferenceFaultName, (node: string) => string[]>>;

/** What of these faults is on, as flows of that node. */
export function lettingEstablished(node: string, faults: ReadonlySet<string>): string[] {
  return Object.entries(letting).flatMap(([name, flowsOn]) => (faults.has(name) ? flowsOn(node) : []));
}
