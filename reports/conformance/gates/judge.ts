import type { ConformanceMeta } from "#harness/conformance/outcome.ts";
import type { Gate } from "#harness/conformance/run/selection.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { latencies, latencyFact } from "#suites/requirements/rules/latencies.ts";
import type { GateResult } from "./schema.ts";

/** What a test showed on a target, as far as gates are judged by it. */
type Measuring = Pick<ConformanceMeta, "requirement" | "facts" | "outcome" | "reason"> & {
  readonly target: string;
};

/** `policy-p99`. */
export function gateName({ latency, percentile }: Pick<Gate, "latency" | "percentile">): string {
  return `${latency}-p${percentile}`;
}

/**
 * Judges each gate on each target, by the facts of the test that measures its latency; of several rounds the longest counts. What
 * was not measured is an error.
 */
export function judgeGates(
  gates: readonly Gate[],
  targets: readonly string[],
  observations: readonly Measuring[],
): GateResult[] {
  const judged = targets.length > 0 ? targets : ["no target"];
  return gates.flatMap((gate) =>
    judged.map((target): GateResult => {
      const { requirement } = latencies[gate.latency];
      const own = observations.filter((one) => one.target === target && one.requirement === requirement);
      const told = own.map(({ facts }) => facts?.[latencyFact(gate.latency, gate.percentile)]);
      const measured = told.filter((one) => typeof one === "number");
      const result = { gate: gateName(gate), ...gate, target };
      // Of a round that measured nothing, nobody knows how long it took.
      const missing = own.length === 0 || measured.length < own.length;
      const ms = measured.length > 0 ? Math.max(...measured) : undefined;
      if (ms !== undefined && ms > gate.limitMs) {
        const reason = `${ms} ms on ${target}, more than ${gate.limitMs} ms`;
        return { ...result, ms, outcome: "failed", reason };
      }
      if (!missing && ms !== undefined) return { ...result, ms, outcome: "passed" };
      const without = own.find(
        ({ facts }) => facts?.[latencyFact(gate.latency, gate.percentile)] === undefined,
      );
      const because = without
        ? `${requirement} is ${without.outcome}${without.reason === undefined ? "" : `: ${firstLineOf(without.reason)}`}`
        : `${requirement} did not run`;
      return { ...result, outcome: "error", reason: `not measured on ${target}: ${because}` };
    }),
  );
}

/** A line for each gate that did not pass: `gate policy-p99: 812 ms on reference@26.1, more than 500 ms`. */
export function describeGates(gates: readonly GateResult[]): string[] {
  return gates.flatMap(({ gate, outcome, reason }) =>
    outcome === "passed" ? [] : [`gate ${gate}: ${reason}`],
  );
}
