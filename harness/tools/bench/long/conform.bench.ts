import { timeCommand } from "#harness/tools/bench/measures/commands.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

export const name = "conform";
export const title = "All chapters on three drivers";
export const long = true;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const settings = { DRIVER: "bridge,overlay,reference", ENGINE: context.word };
  return [
    {
      what: "npm run conform on bridge, overlay and reference, images in the engine",
      value: await timeCommand(context, ["conform"], settings),
      unit: "s",
      aim: { of: "value", atMost: 100 },
      limit: "processors: `run.cost` of the statement, by the cores",
    },
  ];
}
