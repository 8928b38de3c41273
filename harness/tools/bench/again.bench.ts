import { timeOnKept } from "./measures/commands.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "again";
export const title = "One requirement again, on a kept cluster";

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const value = await timeOnKept(context, ["conform", "suites/multihost", "-t", "M4"]);
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
