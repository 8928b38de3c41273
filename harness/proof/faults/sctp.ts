import type { Fault } from "#harness/proof/fault.ts";
import { insertRule, ownComment } from "./firewall.ts";
import { insertIpv6Rule } from "./ipv6.ts";
import { firstNode, onRequirement } from "./tools.ts";

const overlay = { tier: "chapters", chapter: "datapath", driver: "overlay" } as const;
const gatewayBridge = "docker_gwbridge";

/** Faults of ports that are published over SCTP. Kernels that have it may have no nftables tables of both families, so these are rules of iptables. */
export const sctpFaults: readonly Fault<"chapters">[] = [
  {
    name: "published-sctp-dropped",
    on: overlay,
    breaks: "drops SCTP that arrives at the node for a published port",
    why: "a base station or a signalling gateway finds no peer",
    detectedBy: ["X5c"],
    hop: ["last seen on node1 "],
    inject: {
      "requirement begins": onRequirement("X5c", (context, scope) =>
        insertRule(scope, firstNode(context), "mangle", dropped(publishedPort)),
      ),
    },
  },
  {
    name: "published-sctp-dropped-over-ipv6",
    on: { ...overlay, driver: "bridge", engine: "28.5" },
    breaks: "drops SCTP over IPv6 that arrives at the node for a published port",
    why: "a base station or a signalling gateway that has an IPv6 address finds no peer",
    detectedBy: ["X5c"],
    hop: ["last seen on node1 ", "dropped by ip6", " mangle PREROUTING on node1: "],
    inject: {
      "requirement begins": onRequirement("X5c", (context, scope) =>
        insertIpv6Rule(scope, firstNode(context), "mangle", dropped(publishedPort)),
      ),
    },
  },
  {
    name: "published-sctp-closed-to-containers",
    on: { ...overlay, engine: "28.5" },
    breaks: "drops SCTP that containers send to a published port of their node",
    why: "a signalling gateway is reached by its peers outside, and by nothing beside it",
    detectedBy: ["X5c"],
    hop: ["last seen on node1 "],
    inject: {
      "requirement begins": onRequirement("X5c", (context, scope) =>
        insertRule(scope, firstNode(context), "mangle", dropped(sharedPort, ["-i", gatewayBridge])),
      ),
    },
  },
];

/** As what the node publishes the ports of the chapter's containers. */
const publishedPort = 9132;
const sharedPort = 9136;

function dropped(port: number, match: readonly string[] = []): string[] {
  return ["PREROUTING", ...ownComment(), ...match, "-p", "sctp", "--dport", String(port), "-j", "DROP"];
}
