import { sessionName } from "#drivers/kit/nodes/speaker-config.ts";

/** Configurations of a node's speaker (`speakerConfig`) made wrong in one way each. */
export const wrongSpeakers = {
  "session-ends-for-good": (right) =>
    right.replaceAll("connect delay time", "disable after cease yes;\n  connect delay time"),
  "ways-not-spread": (right) => right.replaceAll("merge paths on", "merge paths off"),
  "announced-without-ipv6": (right) =>
    right.replaceAll(
      "ipv6 { import all; export where source = RTS_INHERIT; }",
      "ipv6 { import all; export none; }",
    ),
  // Else a route through a neighbour of the routers would be announced with that one as the next hop.
  "announced-by-every-node": (right) =>
    right.replaceAll("ipv4 { import all;", "ipv4 { import all; next hop self;"),
  // Takes over what the sessions of one router offer over IPv4, and nothing of the others.
  "one-router-used": (right) =>
    right.replaceAll(/protocol bgp (\w+) \{[\s\S]*?\n\}/g, (session, name: string) =>
      name === sessionName(0) ? session : session.replace("ipv4 { import all;", "ipv4 { import none;"),
    ),
} as const satisfies Record<string, (right: string) => string>;
