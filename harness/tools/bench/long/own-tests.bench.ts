import { timeCommand } from "#harness/tools/bench/measures/commands.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

export const name = "own-tests";
export const title = "The project's own tests";
export const long = true;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  return [
    {
      what: "npm test, images in the engine",
      value: await timeCommand(context, ["test"]),
      unit: "s",
      aim: { of: "value", atMost: 150 },
      limit: "integration tests that each start vitest or a cluster, two files at a time",
    },
  ];
}
