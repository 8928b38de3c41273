import type { Capability } from "#suites/requirements/capability.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

type Source = Requirement["source"];

function bgp(title: string, source: Source, more: readonly Capability[] = []): Requirement {
  return { title, level: "MUST", appliesTo: { capabilities: ["bgp", ...more] }, profile: "bgp", source };
}

function rfc(number: number, section: string, text: string): Source {
  return {
    text: `RFC ${number}, section ${section}: ${text}`,
    url: `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`,
  };
}

/** The page to which the first edition's chapter on external networks, and today's Chapter 4, send the reader for routing. */
function page(heading: string): Source {
  return {
    text: `Containers Tutorial, Chapter 4, native connectivity over BGP: ${heading}`,
    url: "https://github.com/contiv/demo/blob/master/net/Bgp.md",
  };
}

/** What a plugin promises that connects containers to the outside by routes instead of by translation. */
export const bgpRequirements = {
  G1: bgp(
    "every node has a session with each of its routers, and the plugin lists them all",
    rfc(4271, "8.2.2", "the Established state"),
    ["multihost"],
  ),
  G2: bgp(
    "routers learn a route to every container, with the container's node as the next hop",
    page("the switches have the container routes"),
    ["multihost"],
  ),
  G3: bgp(
    "a host behind the routers and a container reach each other by their own addresses, neither translated nor encapsulated",
    page("communication between containers and non containers, natively"),
    ["multihost"],
  ),
  G4: bgp(
    "the route to a container that went is withdrawn within 3 s, and its address is reached no more",
    rfc(4271, "3.1", "a route that is no longer available is withdrawn from service"),
    ["multihost"],
  ),
  G5: bgp(
    "an address that goes to another node is announced from there, and reached, within 3 s",
    rfc(4271, "9.2", "changes to the reachable destinations are advertised"),
    ["multihost"],
  ),
  G6: bgp(
    "a session that a router closed comes back within 60 s, with all its routes; sessions of other nodes stay",
    rfc(4271, "8.2.2", "from Idle to Established"),
    ["multihost"],
  ),
  G7: bgp(
    "where two routers offer the same, the end of one leaves all reached through the other within 3 s",
    rfc(4271, "3.1", "a connection that is closed takes its routes out of service"),
    ["multihost"],
  ),
  G8: {
    ...bgp(
      "a node spreads what it sends over all routers that offer the same",
      rfc(7938, "6.1", "basic ECMP"),
      ["multihost"],
    ),
    level: "SHOULD",
  },
  G9: bgp(
    "a network that is not announced is in no router's table, and is not reached from behind the routers",
    rfc(4271, "9.1.3", "policy may exclude a route from what a peer is told"),
    ["multihost"],
  ),
  G10: bgp(
    "all of it holds over IPv6: routes with the node's IPv6 address as the next hop, reached both ways, untranslated",
    rfc(2545, "3", "constructing the next hop of IPv6 routes"),
    ["multihost", "ipv6"],
  ),
  G11: bgp(
    "a route with a malformed attribute is as good as withdrawn; its session stays, with all other routes",
    rfc(7606, "2", "treat-as-withdraw, which sections 7.1 (ORIGIN) and 7.4 (MULTI_EXIT_DISC) demand"),
    ["multihost"],
  ),
} as const satisfies Record<string, Requirement>;
