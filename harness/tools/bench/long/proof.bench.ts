import { timeCommand } from "#harness/tools/bench/measures/commands.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { BenchContext } from "#harness/tools/bench/runner/context.ts";

export const name = "proof";
export const title = "The proof that checks can fail";
export const long = true;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const settings = { ENGINE: context.word };
  const only = ["prove", "--only", "vxlan-dropped"];
  return [
    {
      what: "npm run prove, everything",
      value: await timeCommand(context, ["prove"], settings),
      unit: "s",
      aim: { of: "value", atMost: 1200 },
      limit:
        "the CNI suite under each debug plugin, which takes processors alone; deadlines that must pass where a packet is lost",
    },
    {
      what: "npm run prove for one fault, its cluster included",
      value: await timeCommand(context, only, settings),
      unit: "s",
      aim: { of: "value", atMost: 20 },
      limit: "the deadline after which a packet counts as lost, ten seconds",
    },
  ];
}
