import type { Requirement } from "#suites/requirements/requirement.ts";

/** What becomes of connections that are there when something changes. */
export const connectionRequirements = {
  H1: {
    title:
      "what a change of rules does to established connections is what the driver declares, within 1 s, on every node, in both directions, over TCP and UDP",
    level: "MUST",
    appliesTo: { capabilities: ["policy", "multihost"] },
    profile: "connections",
    source: { text: "netconform, docs/connections.md" },
  },
  H2: {
    title:
      "while the plugin, or an engine with live-restore, is restarted, TCP and UDP go on, and stand still no longer than the driver declares, within a node and between nodes",
    level: "MUST",
    appliesTo: {},
    profile: "connections",
    source: { text: "netconform, docs/connections.md" },
  },
  M12: {
    title:
      "after a node was cut off for 30 s, addresses and names are right again within 30 s, also of what changed meanwhile",
    level: "MUST",
    appliesTo: { capabilities: ["multihost"] },
    profile: "connections",
    source: { text: "netconform, docs/connections.md" },
  },
} as const satisfies Record<string, Requirement>;
