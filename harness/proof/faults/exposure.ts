import { addressOf } from "#harness/core/ip.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { insertRule, ownComment } from "./firewall.ts";
import { insertIpv6Rule, letIpv6In } from "./ipv6.ts";
import { firstNode, ipv6Of, onRequirement } from "./tools.ts";

const place = { tier: "chapters", engine: "28.5" } as const;
const overlay = { ...place, chapter: "datapath", driver: "overlay" } as const;
const bridge = { ...place, chapter: "ipv6", driver: "bridge" } as const;

/** Faults by which other hosts reach what nobody published for them. Docker promises the opposite since 28.0, over IPv6 since 27.0. */
export const exposureFaults: readonly Fault<"chapters">[] = [
  {
    name: "containers-open-to-a-route",
    on: overlay,
    breaks: "forwards what arrives for a container's own address",
    why: "ports that nobody published are open to every host that has a route",
    detectedBy: ["X6"],
    hop: ["it got through by external ", "let through by ip", " filter FORWARD on node1: ", "eth0"],
    inject: {
      "requirement begins": onRequirement("X6", async (context, scope) => {
        const node = firstNode(context);
        const { device } = node.interfaces.management;
        const from = [...ownComment(), "-i", device];
        await insertRule(scope, node, "raw", ["PREROUTING", ...from, "-j", "ACCEPT"]);
        await insertRule(scope, node, "filter", ["FORWARD", ...from, "-j", "ACCEPT"]);
      }),
    },
  },
  {
    name: "loopback-open-to-neighbours",
    on: overlay,
    breaks:
      "lets what arrives on a node's link for 127.0.0.1 past the engine's rules to the container behind a port there",
    why: "what was published for the node alone is open to every host beside it (moby#45610)",
    detectedBy: ["X6"],
    hop: ["it got through by ncbeside ", "let through by ip", " filter DOCKER on node1: "],
    inject: {
      "requirement begins": onRequirement("X6", async (context, scope) => {
        const node = firstNode(context);
        const { device } = node.interfaces.management;
        const match = [...ownComment(), "-i", device, "-d", "127.0.0.1"];
        await insertRule(scope, node, "raw", ["PREROUTING", ...match, "-j", "ACCEPT"]);
      }),
    },
  },
  {
    name: "containers-open-to-a-route-over-ipv6",
    on: bridge,
    breaks: "forwards IPv6 that arrives for a container's own address",
    why: "ports that nobody published are open to every host that has a route",
    detectedBy: ["I6"],
    hop: ["it got through by", "FORWARD on node1"],
    inject: {
      "requirement begins": onRequirement("I6", (context, scope) => letIpv6In(scope, firstNode(context))),
    },
  },
  {
    name: "ipv6-loopback-open-to-all",
    on: bridge,
    breaks:
      "leads what arrives at any IPv6 address of a node for a port that is published on ::1 to its container",
    why: "what was published for the node alone is open to every host over IPv6, and IPv4 looks safe",
    detectedBy: ["I6"],
    hop: ["the answer of c-", " came back to external eth0 (in)"],
    inject: {
      "workload started": async ({ chapter }, { workload }) => {
        const { node, name } = workload;
        const listed = await node.run(["docker", "port", name]);
        const { cidr } = await ipv6Of(workload);
        if (cidr === undefined) return;
        for (const [, inside, protocol = "", port = ""] of listed.matchAll(onLoopback)) {
          const match = ["-p", protocol, "--dport", port];
          const target = ["DNAT", "--to-destination", `[${addressOf(cidr)}]:${inside}`];
          await insertIpv6Rule(chapter, node, "nat", ["PREROUTING", ...match, "-j", ...target]);
        }
      },
    },
  },
];

/** What `docker port` says of a port that is published on ::1. */
const onLoopback = /^(\d+)\/(\w+) -> \[::1\]:(\d+)$/gm;
