import { nameOf } from "#harness/conformance/ip-versions/each.ts";
import type { IpVersion } from "#harness/conformance/ip-versions/stacked.ts";

/** How the port of the node is found: the container's own, another, one of the engine's choice, one of a range. */
export type HostPort = "equal" | "other" | "chosen" | "ranged";
/** Addresses of the node at which a port is published. */
export type Bound = "every address" | "one address" | "loopback";
/** Who asks: hosts, or containers of the node. */
export type Client = (typeof hosts)[number] | (typeof containers)[number];

export const hosts = ["external host", "other node", "node itself"] as const;
export const containers = ["container itself", "neighbour", "other network"] as const;

/** One port that a container publishes, and who asks for it. */
export interface Way {
  readonly protocol: "tcp" | "udp";
  readonly hostPort: HostPort;
  readonly bound: Bound;
  /** Over which it is asked for, and of which its address is. */
  readonly version: IpVersion;
  readonly clients: readonly [(typeof hosts)[number], (typeof containers)[number]];
}

/**
 * Each value of protocol, port of the node, address, IP version and client meets each value of the others (pairwise), with twelve ports
 * that two clients ask for each. A unit test counts the pairs.
 */
export const ways: readonly Way[] = [
  way("tcp", "equal", "every address", 6, "external host", "container itself"),
  way("udp", "equal", "loopback", 4, "other node", "neighbour"),
  way("udp", "equal", "one address", 6, "node itself", "other network"),
  way("tcp", "other", "loopback", 4, "external host", "container itself"),
  way("tcp", "other", "one address", 6, "other node", "neighbour"),
  way("udp", "other", "every address", 4, "node itself", "other network"),
  way("tcp", "chosen", "one address", 6, "external host", "container itself"),
  way("udp", "chosen", "every address", 4, "other node", "neighbour"),
  way("tcp", "chosen", "loopback", 4, "node itself", "other network"),
  way("udp", "ranged", "loopback", 6, "external host", "container itself"),
  way("udp", "ranged", "one address", 4, "other node", "neighbour"),
  way("tcp", "ranged", "every address", 4, "node itself", "other network"),
];

function way(
  protocol: Way["protocol"],
  hostPort: HostPort,
  bound: Bound,
  version: IpVersion,
  ...clients: Way["clients"]
): Way {
  return { protocol, hostPort, bound, version, clients };
}

/** `tcp, equal port, every address, IPv6`, for messages and facts. */
export function describeWay({ protocol, hostPort, bound, version }: Way): string {
  return `${protocol}, ${hostPort} port, ${bound}, ${nameOf(version)}`;
}
