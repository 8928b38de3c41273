import type { Requirement } from "#suites/requirements/requirement.ts";

/** Milliseconds after a restart is done in which H2 looks at what is sent, and after these until all of it must get through. */
export const heldLookMs = { settle: 5_000, carry: 20_000 } as const;
/** Milliseconds. What stands still for longer than that after a restart has not come back, whatever a driver declares. */
export const longestHeldGapMs = heldLookMs.settle + heldLookMs.carry;

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
  H2b: {
    title:
      "while the plugin of DRIVER is installed over the one of DRIVER_BEFORE, TCP and UDP go on, and stand still no longer than the driver declares, within a node and between nodes",
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
