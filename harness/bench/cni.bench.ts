import { measureCni } from "./cni.ts";
import type { Row } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "cni";
export const title = "ADD and DEL through the CNI runtime, against a shell loop";

const folder = "/usr/lib/cni";
const ipam = { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24", gateway: "10.88.0.1" }]] };
const plugin = "bridge";
const config = { bridge: "ncbench0", isGateway: true, ipam };
const cyclesPerRound = 40;

export async function run(context: BenchContext): Promise<Row[]> {
  const { cluster } = await context.target();
  const [node] = cluster.nodes;
  if (!node) throw new Error("a cluster has at least one node");
  const cycles = cyclesPerRound * context.rounds;
  const speed = await measureCni({ host: node, plugin: `${folder}/${plugin}`, config, cycles });
  return [
    {
      what: `ADD and DEL with ${plugin} on a node, mean of ${speed.cycles}`,
      value: 1000 / speed.runtimePerSecond,
      unit: "ms",
      baseline: { what: "the same calls in a shell loop there", value: 1000 / speed.shellPerSecond },
      note: `${speed.runtimePerSecond.toFixed(1)} a second, against ${speed.shellPerSecond.toFixed(1)}`,
    },
  ];
}
