import type { Requirement } from "#suites/requirements/requirement.ts";

const liveRestore: Requirement["source"] = {
  text: "Docker, Live restore",
  url: "https://github.com/docker/docs/blob/0f550540af081c9d18c5bee523917427158b3b03/content/manuals/engine/daemon/live-restore.md",
};

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
  M12: {
    title:
      "after a node was cut off for 30 s, addresses and names are right again within 30 s, also of what changed meanwhile",
    level: "MUST",
    appliesTo: { capabilities: ["multihost"] },
    profile: "connections",
    source: { text: "netconform, docs/connections.md" },
  },
  H2: {
    title: "connections between nodes live through a restart of the plugin, and stand still no longer than the driver declares",
    level: "SHOULD",
    appliesTo: { capabilities: ["multihost"] },
    profile: "connections",
    source: { text: "netconform, docs/connections.md" },
  },
  H3: {
    title: "with live-restore connections live through a restart of the engine, and stand still no longer than the driver declares",
    level: "SHOULD",
    appliesTo: { capabilities: ["multihost"] },
    profile: "connections",
    source: liveRestore,
  },
} as const satisfies Record<string, Requirement>;
