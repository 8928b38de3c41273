import { latencyNames, latencySamplesFact } from "./rules/latencies.ts";

/**
 * Names of facts that another run has differently though nothing has changed: what the machine had time for, and how bad something was that
 * fails now and then. They are told, and compared with no other run.
 */
const varyingFacts = [
  "attempts from outside",
  "attempts meanwhile",
  "attempts of the flow",
  "attempts of the other flow",
  "attempts without an answer",
  "changes that were refused meanwhile",
  "controls, longest gap ms",
  "first tenth ms",
  "interrupted lists of links, of 100",
  "last tenth ms",
  "packets sent meanwhile",
  "packets that came through",
  "rounds in which some came through",
  "seconds for the pairs",
  "seconds until placed",
  "slowest cut ms",
  "slowest to heal, in ms",
  "starts",
  "starts that were cut off",
] as const;
const samplesFacts = latencyNames.map(latencySamplesFact);
const names: readonly string[] = [...varyingFacts, ...samplesFacts];

type VaryingFact = (typeof varyingFacts)[number] | (typeof samplesFacts)[number];

/** A fact may have before its name what it is about. */
export type VaryingFactName = VaryingFact | `${string}: ${VaryingFact}`;

/** Whether a fact of that name is compared with no other run. */
export function isVarying(name: string): boolean {
  return names.some((fact) => name === fact || name.endsWith(`: ${fact}`));
}
