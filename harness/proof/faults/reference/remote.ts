import type { Fault } from "#harness/proof/fault.ts";
import { drop } from "#harness/proof/faults/tools.ts";

/** The type of the inner frame comes after the headers of UDP and VXLAN, of 8 bytes each, and its two addresses. */
const vxlanWithIpv6 = "udp dport 4789 @th,224,16 0x86dd";

/** Faults of what must hold between engines and a remote plugin: faults of the reference plugin, in other chapters. */
export const remoteFaults: readonly Fault<"chapters">[] = [
  {
    name: "pool-named-differently-each-time",
    on: { tier: "chapters", chapter: "multihost", driver: "reference" },
    breaks: "engines that ask for the same pool get different ids",
    why: "the addresses of one subnet are kept in several books, and one may be given to two containers",
    detectedBy: ["R1"],
    inject: { switchOn: "pool-id-changes", at: "chapter begins" },
  },
  {
    name: "port-outlives-failed-container",
    on: { tier: "chapters", chapter: "plugin", driver: "reference" },
    breaks: "what the plugin made for a container stays on the node when the container goes",
    why: "a node that has seen failures fills up with ports of containers that are gone",
    detectedBy: ["R2", "R3", "R4"],
    mayFollow: ["C1"],
    alone: true,
    inject: { switchOn: "port-outlives-container", at: "chapter begins" },
  },
  {
    name: "pools-forgotten-with-engine",
    on: { tier: "chapters", chapter: "plugin", driver: "reference" },
    breaks: "the plugin drops all pools when an engine that was restarted introduces itself",
    why: "addresses that are in use are given out again after a restart of an engine",
    detectedBy: ["R6"],
    hop: { none: "the address that a container is started with is judged" },
    mayFollow: ["C1"],
    alone: true,
    inject: { switchOn: "pools-forgotten", at: "chapter begins" },
  },
  {
    name: "ipv6-lost-with-an-engine",
    on: { tier: "chapters", chapter: "plugin", driver: "reference" },
    breaks: "drops the VXLAN with IPv6 in it that arrives at a node once its engine was started again",
    why: "after an update of an engine its node is reached over IPv4 alone, which looks well",
    detectedBy: ["R6"],
    hop: ["not sent: ", "on node1 eth", " (in)"],
    alone: true,
    inject: {
      "engine started": ({ chapter }, { node }) => drop(chapter, node, "prerouting", vxlanWithIpv6),
    },
  },
];
