import {
  type LatencyName,
  latencies,
  latencyFact,
  type QuantileName,
  quantiles,
} from "#harness/conformance/latency.ts";
import { UsageError } from "#harness/core/errors.ts";
import { isProtocolSuite } from "#reports/target.ts";
import type { Statement } from "./schema.ts";

/** What a latency may not exceed. */
export interface Gate {
  readonly latency: LatencyName;
  readonly quantile: QuantileName;
  readonly limitMs: number;
  /** As it was typed. */
  readonly text: string;
}

const perUnit = { ms: 1, s: 1000 } as const;

/** Reads `policy-p99=500ms`. Throws `UsageError` for anything else. */
export function parseGate(text: string): Gate {
  const names = Object.keys(latencies).join("|");
  const pattern = new RegExp(`^(${names})-(${Object.keys(quantiles).join("|")})=(\\d+(?:\\.\\d+)?)(ms|s)$`);
  const [, latency, quantile, number, unit] = pattern.exec(text) ?? [];
  if (latency === undefined) {
    throw new UsageError(
      `--gate ${text}: expected a latency (${Object.keys(latencies).join(", ")}), p50 or p99, and a time, e.g. policy-p99=500ms (given on the command line)`,
    );
  }
  return {
    latency: latency as LatencyName,
    quantile: quantile as QuantileName,
    limitMs: Number(number) * perUnit[unit as keyof typeof perUnit],
    text,
  };
}

/** A line for each gate and target that it is broken on: what was not measured does not keep it. Empty where all are kept. */
export function brokenGates({ targets }: Pick<Statement, "targets">, gates: readonly Gate[]): string[] {
  return targets
    .filter(({ engine }) => !isProtocolSuite(engine))
    .flatMap(({ name, results }) =>
      gates.flatMap(({ latency, quantile, limitMs, text }) => {
        const fact = latencyFact(latency, quantile);
        const found = results.map(({ facts }) => facts?.[fact]).find((value) => typeof value === "number");
        if (found === undefined) return [`${text} on ${name}: not measured`];
        return found > limitMs ? [`${text} on ${name}: ${found} ms`] : [];
      }),
    );
}
