import { timeOnKept } from "#harness/tools/bench/measures/commands.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

export const name = "beyond";
export const title = "Data path and life of containers, on overlay";
export const long = true;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const value = await timeOnKept(context, ["conform", "suites/datapath", "suites/lifecycle"], {
    SEQUENTIAL: "0",
  });
  return [
    {
      what: "datapath and lifecycle on overlay side by side: what kills an engine on a kept cluster, the others on clusters of their own",
      value,
      unit: "s",
      aim: { of: "value", atMost: 45 },
      limit:
        "an engine that was killed or, up to 26.1, restarted: often 30 s until a network of the swarm is there again",
    },
  ];
}
