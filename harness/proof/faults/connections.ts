import type { Fault } from "#harness/proof/fault.ts";
import { drop } from "./tools.ts";

const cut = "chain judge { type filter hook input priority 0; meta l4proto tcp reject with tcp reset; }";

/** Faults of connections that are held while an engine comes back. */
export const connectionFaults: readonly Fault<"chapters">[] = [
  {
    name: "connections-reset-with-the-engine",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks: "resets the TCP connections of the containers that an engine finds running when it starts",
    why: "an update of the engine that was to leave its containers alone cuts all of their connections",
    detectedBy: ["H3"],
    alone: true,
    inject: {
      "engine started": async (_context, { node }) => {
        for (const { Id } of await node.docker.listContainers()) {
          const { State } = await node.docker.getContainer(Id).inspect();
          const inside = ["nsenter", `--net=/proc/${State.Pid}/ns/net`];
          await node.run([...inside, "nft", "-f", "-"], { input: `table inet fault_reset { ${cut} }\n` });
        }
      },
    },
  },
  {
    name: "tunnel-lost-when-apart",
    on: { tier: "chapters", chapter: "connections", driver: "reference" },
    breaks: "drops the VXLAN that arrives at a node which the others could not reach for a while",
    why: "a cable that was out for half a minute cuts the node's containers off until somebody restarts something",
    detectedBy: ["M12"],
    inject: {
      "node reached again": async ({ chapter }, { node }) =>
        drop(chapter, node, "prerouting", "udp dport 4789"),
    },
  },
];
