import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/** Ways in which nodes can speak to their routers as they should not, by the name that switches one on. */
export const bgpFaults = {
  "sessions-not-listed": {
    breaks: "the listing of BGP sessions is empty",
    why: "nobody can see which router a node does not speak to",
    detectedBy: ["G1"],
  },
  "announced-by-every-node": {
    breaks: "every node announces the containers of all nodes, and passes their packets on",
    why: "packets take a way through a node that has nothing to do with them, and break when that ends",
    detectedBy: ["G2"],
    mayFollow: ["G4", "G5", "G6"],
  },
  "announced-and-translated": {
    breaks: "what containers send to the routers leaves with the node's address",
    why: "servers outside see nodes instead of containers, and no firewall there can tell them apart",
    detectedBy: ["G3"],
    hop: ["it got through by c-", " (out) from ", "(in)"],
  },
  "route-outlives-endpoint": {
    breaks: "a node goes on announcing the address of a container that went",
    why: "packets for the next container with that address go to the node of the last one",
    detectedBy: ["G4"],
    mayFollow: ["G5"],
  },
  "moved-address-unannounced": {
    breaks: "an address is announced by the node that had it first, and by no other",
    why: "a container that is started again on another node is not reached",
    detectedBy: ["G5"],
  },
  "session-ends-for-good": {
    breaks: "a session that a router closed is not begun again",
    why: "an update of a router cuts off every container behind it",
    detectedBy: ["G6"],
    mayFollow: ["G7", "G8", "G11"],
  },
  "one-router-used": {
    breaks: "nodes take routes from one router alone",
    why: "the second router does not help when the first one fails",
    detectedBy: ["G7"],
    mayFollow: ["G8"],
  },
  "ways-not-spread": {
    breaks: "nodes send everything through one of two routers that offer the same",
    why: "half of the bandwidth is idle",
    detectedBy: ["G8"],
  },
  "everything-announced": {
    breaks: "nodes announce the containers of every network",
    why: "networks that nobody meant to show are in everybody's routing tables, and may collide there",
    detectedBy: ["G9"],
  },
  "announced-without-ipv6": {
    breaks: "nodes announce the IPv4 addresses of containers alone",
    why: "containers have IPv6 addresses that nobody outside reaches",
    detectedBy: ["G10"],
  },
} as const satisfies Record<string, FaultDescription>;
