import { InvalidArgumentError, Option } from "commander";
import { type Candidate, completing } from "#harness/cli/completion/candidates.ts";
import { checkCited } from "#harness/cli/selection.ts";
import type { Gate } from "#harness/conformance/run/selection.ts";
import { UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { gateName } from "#reports/conformance/gates/judge.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { latencies, latencyNames, latencyPercentiles } from "#suites/requirements/rules/latencies.ts";

/** Milliseconds of each unit that a limit can have. */
const units = { ms: 1, s: 1_000 } as const;

/** Every gate that there is, by its name, e.g. `policy-p99`. */
const known = latencyNames.flatMap((latency) =>
  latencyPercentiles.map((percentile) => ({
    ...{ name: gateName({ latency, percentile }), latency, percentile },
  })),
);

/** The option that gives a latency a limit. */
export function gateOption(): Option {
  const option = new Option(
    "--gate <name=limit>",
    "exit code 1 where a latency is longer, or nobody could measure it, e.g. policy-p99=500ms; may be given several times",
  ).argParser((text: string, before: readonly Gate[] = []) => [...before, parseGate(text)]);
  return completing(option, () =>
    known.map(({ name, latency }): Candidate => ({ value: `${name}=`, says: latencies[latency].what })),
  );
}

/** Reads e.g. `policy-p99=500ms` or `first-name-p50=1.5s`. Throws commander's error of an option, with what is known. */
export function parseGate(text: string): Gate {
  const [name = "", limit] = text.split(/=(.*)/s);
  const gate = known.find((one) => one.name === name);
  if (!gate) {
    throw new InvalidArgumentError(
      `no such gate: expected one of ${known.map((one) => one.name).join(", ")}, with a limit, e.g. policy-p99=500ms`,
    );
  }
  const [, number, unit] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(limit ?? "") ?? [];
  const factor = Object.entries(units).find(([one]) => one === unit)?.[1];
  const limitMs = Number(number) * (factor ?? Number.NaN);
  if (!(limitMs > 0)) {
    throw new InvalidArgumentError(
      `expected a limit above 0 in ${Object.keys(units).join(" or ")}, e.g. ${name}=500ms`,
    );
  }
  return { latency: gate.latency, percentile: gate.percentile, limitMs };
}

/** Gates as they are typed, for another run. */
export function argumentsOfGates(gates: readonly Gate[]): string[] {
  return gates.flatMap((gate) => ["--gate", `${gateName(gate)}=${gate.limitMs}ms`]);
}

/**
 * Throws `UsageError` for a gate whose latency none of the tests measures that these filters and requirements leave, and for one
 * that has two limits. An empty list of requirements leaves all.
 */
export function checkGates(
  gates: readonly Gate[],
  filters: readonly string[],
  requirements: readonly RequirementId[],
): void {
  for (const [index, gate] of gates.entries()) {
    const { requirement } = latencies[gate.latency];
    const name = gateName(gate);
    if (gates.findIndex((other) => gateName(other) === name) !== index)
      throw new UsageError(`--gate ${name} has two limits: expected one`);
    if (requirements.length > 0 && !requirements.includes(requirement)) {
      throw new UsageError(`--gate ${name}: none of ${requirements.join(", ")} measures it`, {
        hint: `name ${requirement} with -t as well`,
      });
    }
    try {
      checkCited(projectRoot, filters, [requirement]);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`--gate ${name}: ${error.message}`, {
        ...(error.hint ? { hint: error.hint } : {}),
      });
    }
  }
}
