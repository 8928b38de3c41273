import type { Fault } from "#harness/proof/fault.ts";
import { drop } from "./tools.ts";

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
];
