import type { Capability } from "#suites/requirements/capability.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

function soon(title: string, capabilities: readonly Capability[]): Requirement {
  return {
    ...{ title, level: "SHOULD", appliesTo: { capabilities }, profile: "latencies" },
    source: { text: "netconform, docs/latencies.md" },
  };
}

/** How soon is soon: each measures a latency, and has a bound that a plugin exceeds by a mistake alone. */
export const latencyRequirements = {
  Q1: soon("a rule binds new flows on every node within 1 s of its order's return", ["policy", "multihost"]),
  Q2: soon("a container reaches another node within 10 s of its start", ["multihost"]),
  Q3: soon("a container finds its neighbours by name within 10 s of its start", ["multihost", "names"]),
} as const satisfies Record<string, Requirement>;
