import { isRule } from "#drivers/reference/dataplane/plan/answers.ts";
import type { NodePlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import type { PolicyMutantName } from "#drivers/reference/faults/tables/policy.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

/** The flows of a node, from what they are made of. */
interface FlowPlace {
  readonly flows: readonly string[];
  readonly state: State;
  readonly plan: NodePlan;
  /** Every flow that this node had so far. */
  readonly past: ReadonlySet<string>;
}

type FlowMutation = (place: FlowPlace) => string[];

/** What goes out is table 5, what comes in table 6. */
const isInRule = (flow: string) => isRule(flow) && flow.startsWith("table=6,");

/** Mistakes in how rules become flows. */
export const flowMutations: Readonly<Partial<Record<PolicyMutantName, FlowMutation>>> = {
  "icmp-rules-without-ipv6": ({ flows }) =>
    flows.filter((flow) => !(isRule(flow) && flow.includes(",icmp6,"))),
  "port-of-the-sender": ({ flows }) => flows.map((flow) => flow.replace("tp_dst=", "tp_src=")),
  "ports-in-pairs": ({ flows }) =>
    flows.map((flow) => flow.replace(/tp_dst=(\d+)/, (_, port) => `tp_dst=${Number(port) & ~1}/0xfffe`)),
  "peer-groups-of-own-node": ({ flows, plan }) => {
    const own = plan.ports.flatMap(({ ipv4, mac }) => [`nw_src=${ipv4},`, `dl_src=${mac},`]);
    return flows.filter(
      (flow) => !flow.startsWith("table=2,priority=10,") || own.some((end) => flow.includes(end)),
    );
  },
  "in-rules-bind-the-sender": ({ flows }) =>
    flows.map((flow) => (isInRule(flow) ? flow.replaceAll(/reg[12]=/g, swapped) : flow)),
  "out-allow-is-the-last-word": ({ flows }) =>
    flows.map((flow) => (isRule(flow) ? flow.replace(/^(table=5,.*actions=goto_table:)6$/, "$17") : flow)),
  "replies-judged": ({ flows }) => flows.filter((flow) => !flow.includes("ct_state=+trk+rpl")),
  "groups-closed-by-default": ({ flows }) => {
    const closed = flows.flatMap((flow) => {
      const [, table, group] = (isRule(flow) && /^table=([56]),.*?,(reg[12]=\d+),/.exec(flow)) || [];
      return group === undefined ? [] : [`table=${table},priority=50,ip,${group},actions=drop`];
    });
    return [...flows, ...new Set(closed)];
  },
  "deleted-rule-stays-over-ipv6": ({ flows, past }) => [
    ...new Set([
      ...flows,
      ...[...past].filter((flow) => isRule(flow) && /,(ipv6|tcp6|udp6|icmp6),/.test(flow)),
    ]),
  ],
};

function swapped(register: string): string {
  return register === "reg1=" ? "reg2=" : "reg1=";
}
