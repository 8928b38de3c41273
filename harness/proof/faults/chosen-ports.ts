import type { Transport } from "#harness/host/agent/reach.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { onGateway } from "./datapath.ts";
import { insertRule } from "./firewall.ts";
import { drop, firstNode, onRequirement } from "./tools.ts";

const overlay = { tier: "chapters", chapter: "datapath", driver: "overlay" } as const;

/** Faults of ports that the engine chooses, of all or of a range. */
export const chosenPortFaults: readonly Fault<"chapters">[] = [
  {
    name: "chosen-port-outlives-its-container",
    on: overlay,
    breaks: "keeps the rule of a TCP port that the engine chose when the container is gone",
    why: "clients hang on a port that nobody serves",
    detectedBy: ["X8a"],
    hop: ["last seen on node1 ", "(out)"],
    mayFollow: ["X8b"],
    inject: outlives("tcp"),
  },
  {
    name: "chosen-udp-port-outlives-its-container",
    on: overlay,
    breaks: "keeps the rule of a UDP port that the engine chose when the container is gone",
    why: "what is sent goes to an address that another container is given next",
    detectedBy: ["X8a"],
    hop: ["last seen on node1 ", "(out)"],
    inject: outlives("udp"),
  },
  {
    name: "range-closed-to-udp",
    on: overlay,
    breaks: "drops UDP that arrives for the last port of a range that containers share",
    why: "the second of two game servers is reached by nobody",
    detectedBy: ["X8a"],
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "udp dport 9119 drop"],
    inject: {
      "requirement begins": onRequirement("X8a", (context, scope) =>
        drop(scope, firstNode(context), "prerouting", `udp dport ${lastOfRange}`),
      ),
    },
  },
];

/** What the chapter's containers serve. */
const containerPort = 8081;
const lastOfRange = 9119;

/** Leads each port of a protocol that the engine chose for a workload to it, for as long as the chapter runs. */
function outlives(protocol: Transport): Fault<"chapters">["inject"] {
  return {
    "workload started": async ({ chapter }, { workload }) => {
      for (const port of await chosenPorts(workload, protocol)) {
        const rule = ["PREROUTING", "-p", protocol, "--dport", String(port), "-j", "DNAT"];
        const target = `${await onGateway(workload)}:${containerPort}`;
        await insertRule(chapter, workload.node, "nat", [...rule, "--to-destination", target]);
      }
    },
  };
}

/** Ports that the engine chose lie where no test has one of its own. */
async function chosenPorts({ node, name }: Workload, protocol: Transport): Promise<number[]> {
  const listed = await node.run(["docker", "port", name]);
  const ports = [...listed.matchAll(/\/(\w+) -> 0\.0\.0\.0:(\d+)$/gm)];
  return ports
    .filter(([, transport]) => transport === protocol)
    .map(([, , port]) => Number(port))
    .filter((port) => port > 30_000);
}
