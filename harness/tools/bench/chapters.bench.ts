import { median } from "#harness/core/figures/statistics.ts";
import { runChapters } from "./measures/chapter-runs.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "chapters";
export const title = "Four chapters on overlay, against a shell script of the same steps";

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const { harness, script } = await context.once(runChapters);
  const [ours] = harness;
  const [plain] = script;
  if (!ours || !plain) throw new Error("the chapters were not run");
  return [
    {
      what: "basics, multihost, external, swarm on a kept cluster, the harness's start and reports included",
      value: median(harness.map(({ milliseconds }) => milliseconds)) / 1000,
      unit: "s",
      baseline: {
        what: "chapters.sh on the same cluster",
        value: median(script.map(({ milliseconds }) => milliseconds)) / 1000,
      },
      aim: { of: "ratio", atMost: 0.6 },
      limit: "the engine's own waits, in turn: networks of a swarm go seconds after they were removed",
    },
    {
      what: "of it until the first command on a node",
      value: median(harness.map(({ startMilliseconds }) => startMilliseconds)) / 1000,
      unit: "s",
      note: "vitest, configuration, set-up",
      aim: { of: "value", atMost: 0.8 },
      limit: "loading vitest, the Docker client and the project",
    },
    {
      what: "commands on the hosts",
      value: ours.commands,
      unit: "",
      baseline: { what: "commands of chapters.sh", value: plain.commands },
      note: "the harness's calls of the Docker API not counted",
    },
    {
      what: "obligations shown",
      value: ours.checks,
      unit: "",
      baseline: { what: "checks of chapters.sh", value: plain.checks },
      note: "one obligation makes several checks",
    },
  ];
}
