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
} as const satisfies Record<string, Requirement>;
