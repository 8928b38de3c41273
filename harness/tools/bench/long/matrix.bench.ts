import { timeCommand } from "#harness/tools/bench/measures/commands.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

export const name = "matrix";
export const title = "Nine cells of the matrix";
export const long = true;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const settings = { DRIVER: "bridge,overlay,reference", ENGINE: "20.10,26.1,28.5" };
  return [
    {
      what: "npm run matrix, three drivers on three engines, images in the engine",
      value: await timeCommand(context, ["matrix", "--firewall", "nft"], settings),
      unit: "s",
      aim: { of: "value", atMost: 480 },
      limit: "processors: `cost` of each cell, by the cores",
    },
  ];
}
