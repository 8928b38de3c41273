import type { Requirement } from "#suites/requirements/requirement.ts";

/** What must hold in mixtures and moments that nobody wrote down: generated, and judged by what the driver promises. */
export const disorderRequirements = {
  D1: {
    title:
      "any combination of policies lets pass what its rules say and nothing else, however it came about and once it has gone",
    level: "MUST",
    appliesTo: { capabilities: ["policy", "multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/drivers-capabilities.md: what the driver declares of its rules" },
  },
  D5: {
    title:
      "30 s after wires, engines, plugin and nodes are as before, names, addresses, forwarding and policies are right again, and nothing is left behind",
    level: "SHOULD",
    appliesTo: { capabilities: ["multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D5b: {
    title:
      "when the clock of a node jumped an hour ahead and back, names, addresses, forwarding and policies are right again within 30 s, and nothing is left behind",
    level: "SHOULD",
    appliesTo: { capabilities: ["multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
} as const satisfies Record<string, Requirement>;
