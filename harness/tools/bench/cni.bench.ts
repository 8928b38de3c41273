import { join } from "node:path";
import { debianPlugins, debianSuites } from "#harness/cni/debian/debian.ts";
import { runCniSuite, type SuiteResult } from "#harness/conformance/cni-run/run-suite.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { median, stopwatch } from "#harness/core/figures/statistics.ts";
import { measureCni } from "./measures/cni.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "cni";
export const title = "ADD and DEL through the CNI runtime, against a shell loop; the CNI suite";

const folder = "/usr/lib/cni";
const ipam = { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24", gateway: "10.88.0.1" }]] };
const plugin = "bridge";
const config = { bridge: "ncbench0", isGateway: true, ipam };
const cycles = 200;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const suite = await measureSuite(context);
  const { cluster } = await context.target();
  const [node] = cluster.nodes;
  if (!node) throw new Error("a cluster has at least one node");
  const speed = await measureCni({ host: node, plugin: `${folder}/${plugin}`, config, cycles });
  return [
    {
      what: `ADD and DEL with ${plugin} on a node, mean of ${speed.cycles}`,
      value: 1000 / speed.runtimePerSecond,
      unit: "ms",
      baseline: { what: "the same calls in a shell loop there", value: 1000 / speed.shellPerSecond },
      aim: { of: "ratio", atMost: 1.2 },
      note: `${speed.runtimePerSecond.toFixed(1)} a second, against ${speed.shellPerSecond.toFixed(1)}`,
    },
    suite,
  ];
}

/** One real plugin, as a plugin's author would do it, without the cluster. */
async function measureSuite({ settings, progress, rounds }: BenchContext): Promise<BenchmarkRow> {
  const suite = debianSuites[debianSuites.length - 1]!;
  const { folder: plugins, generation } = await debianPlugins(settings, progress, suite);
  const times: number[] = [];
  let results: SuiteResult[] = [];
  for (let round = 0; round < rounds; round++) {
    times.push(
      await stopwatch(async () => {
        results = await runCniSuite({ plugins: [join(plugins, plugin)], versions: ["newest"] });
      }),
    );
    const unjudged = results.find(({ outcome }) => outcome !== "passed" && outcome !== "failed");
    if (unjudged) throw new HarnessError(`the suite could not judge ${unjudged.title}: ${unjudged.reason}`);
  }
  return {
    what: `the CNI suite over ${plugin} ${generation} at the newest version that it claims, vitest's start included`,
    value: median(times) / 1000,
    unit: "s",
    aim: { of: "value", atMost: 6 },
    note: `${results.length} tests`,
    limit:
      "the plugin's own calls, a third of the processor time, and the kernel's, which takes interfaces down in turn; the start of vitest",
  };
}
