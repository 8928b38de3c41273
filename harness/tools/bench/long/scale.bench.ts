import { timeCommand } from "#harness/tools/bench/measures/commands.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

export const name = "scale";
export const title = "The chapter multihost on more nodes, with a mesh of two containers on each";
export const long = true;

/** Number of nodes, and the seconds that are aimed at. */
const sizes: readonly (readonly [number, number?])[] = [[2, 12], [4, 15], [8, 20], [16]];

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const [nodes, atMost] of sizes) {
    const settings = {
      DRIVER: "overlay",
      ENGINE: context.word,
      NODES: String(nodes),
      SCALE: String(2 * nodes),
    };
    rows.push({
      id: `${nodes} nodes`,
      what: `${nodes} nodes on overlay, bring-up included`,
      value: await timeCommand(context, ["conform", "suites/multihost"], settings),
      unit: "s",
      ...(atMost === undefined ? {} : { aim: { of: "value", atMost } as const }),
      limit: "processors: an engine for each node starts, and gossips with all others",
    });
  }
  return rows;
}
