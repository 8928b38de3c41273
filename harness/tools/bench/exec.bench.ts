import { median, percentile, stopwatch } from "#harness/core/figures/statistics.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "exec";
export const title = "A command on a node over SSH, against docker exec";

const times = 200;
const dockerTimes = 40;
const parallel = 100;
const command = ["true"];

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const { cluster, state } = await context.target();
  const [node] = cluster.nodes;
  if (!node) throw new Error("a cluster has at least one node");
  const local = new LocalHost();
  const env = { DOCKER_HOST: (await context.engine()).host };

  const comparable = await context.hasDockerCommand();
  await node.run(command);
  const over = { ssh: [] as number[], docker: [] as number[] };
  // Turn by turn, so that a change of the machine's load meets both.
  for (let index = 0; index < times; index++) {
    over.ssh.push(await stopwatch(() => node.run(command)));
    if (!comparable || index % (times / dockerTimes) > 0) continue;
    const argv = ["docker", "exec", `${state.id}-${node.name}`, ...command];
    over.docker.push(await stopwatch(() => local.run(argv, { env })));
  }
  const together = await stopwatch(() =>
    Promise.all(Array.from({ length: parallel }, () => node.run(command))),
  );
  const sequential = over.ssh.slice(-parallel).reduce((sum, one) => sum + one, 0);
  return [
    {
      what: `\`true\` on a node, median of ${times}`,
      value: median(over.ssh),
      unit: "ms",
      ...(comparable && {
        baseline: {
          what: `docker exec by its command line, median of ${dockerTimes}`,
          value: median(over.docker),
        },
      }),
      aim: { of: "value", atMost: 15 },
      note: `95 % within ${percentile(over.ssh, 0.95).toFixed(1)} ms`,
    },
    {
      what: `${parallel} at once on one connection, all together`,
      value: together,
      unit: "ms",
      baseline: { what: `${parallel} one after the other on the same connection`, value: sequential },
    },
  ];
}
