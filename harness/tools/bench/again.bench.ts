import { timeCommand } from "./measures/commands.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "again";
export const title = "One requirement again, on a kept cluster";

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  await context.target();
  const settings = {
    DRIVER: "overlay",
    ENGINE: context.word,
    NODES: String(context.settings.NODES),
    KEEP: "1",
  };
  const value = await context.lend(() =>
    timeCommand(context, ["conform", "suites/multihost", "-t", "M4"], settings),
  );
  return [
    {
      what: "M4 on overlay, from the command to its end, verdict and reports included",
      value,
      unit: "s",
      aim: { of: "value", atMost: 2 },
      limit: "loading vitest and the project in two processes; then containers that the engine starts",
    },
  ];
}
