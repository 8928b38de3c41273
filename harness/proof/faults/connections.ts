import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Fault, FaultActs } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addTable, drop } from "./tools.ts";

/** Faults of what nodes know of each other once they were apart. */
export const connectionFaults: readonly Fault<"chapters">[] = [
  {
    name: "tunnel-lost-when-apart",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks: "drops the VXLAN that arrives at a node which the others could not reach for a while",
    why: "a cable that was out for half a minute cuts the node's containers off until somebody restarts something",
    detectedBy: ["M12"],
    hop: ["not sent: the MAC of 10.128.", "was told, last seen on node", "(in)"],
    inject: {
      "node reached again": async ({ chapter }, { node }) =>
        drop(chapter, node, "prerouting", "udp dport 4789"),
    },
  },
  {
    name: "tunnel-lost-by-an-engine",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks: "drops the VXLAN that arrives at a node for four seconds after its engine started",
    why: "an update of the engine that was to leave containers alone is an outage of their connections",
    detectedBy: ["H2"],
    alone: true,
    inject: {
      "engine started": ({ chapter }, { node }) => loseTunnel(chapter, node),
    },
  },
  {
    name: "tunnel-lost-in-an-upgrade",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks:
      "drops the VXLAN that arrives at a node for four seconds after the plugin was installed over another",
    why: "each new version of the plugin is an outage of everything that is connected across nodes",
    detectedBy: ["H2b"],
    names: ["between nodes"],
    inject: {
      "plugin upgraded": async (_context, { nodes, scope }) => {
        const [node] = nodes;
        if (node) await loseTunnel(scope, node);
      },
    },
  },
  {
    name: "tcp-reset-by-an-engine",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks: "resets every TCP connection of the containers that an engine finds running when it starts",
    why: "a long download begins anew with each update, though the network was never away",
    detectedBy: ["H2"],
    alone: true,
    inject: toWhatRuns((chapter, workload) => {
      const chain = "type filter hook input priority 0; policy accept;";
      const rule = "meta l4proto tcp reject with tcp reset;";
      return addTable(chapter, workload, "inet", `chain judge { ${chain} ${rule} }`);
    }),
  },
  {
    name: "ipv6-lost-by-an-engine",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks:
      "drops what the containers that an engine finds running when it starts get over IPv6, for four seconds",
    why: "an update of the engine is an outage of everything that is connected over IPv6, and IPv4 looks well",
    detectedBy: ["H2"],
    names: [" over IPv6"],
    alone: true,
    inject: toWhatRuns((chapter, workload) => {
      const elements = "elements = { tcp timeout 4s, udp timeout 4s }";
      const set = `set lost { type inet_proto; flags timeout; ${elements} }`;
      const chain = "type filter hook input priority 0; policy accept;";
      return addTable(chapter, workload, "ip6", `${set}\nchain judge { ${chain} meta l4proto @lost drop; }`);
    }),
  },
];

/** Acts on each workload that an engine finds running when it starts. */
function toWhatRuns(act: (chapter: Scope, workload: Workload) => Promise<void>): FaultActs {
  const running = new Map<string, Workload>();
  return {
    "workload started": async (_context, { workload, scope }) => {
      running.set(workload.id, workload);
      scope.defer(`what is known of ${workload.name}`, async () => void running.delete(workload.id));
    },
    "engine started": async ({ chapter }, { node }) => {
      for (const workload of running.values()) if (workload.node === node) await act(chapter, workload);
    },
  };
}

/** Drops the VXLAN that arrives at a node for four seconds. */
async function loseTunnel(scope: Scope, node: ClusterNode): Promise<void> {
  const set = "set lost { type inet_proto; flags timeout; elements = { udp timeout 4s } }";
  const chain = "type filter hook prerouting priority -300; policy accept;";
  const rule = "udp dport 4789 ip protocol @lost drop";
  await addTable(scope, node, "ip", `${set}\nchain judge { ${chain} ${rule}; }`);
}
