import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { within } from "#harness/core/async/poll.ts";
import { HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import { percentile } from "#harness/core/figures/statistics.ts";
import type { Foreign } from "#harness/oracle/churn/churn.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";

/**
 * Links that are nobody's under test come and go: a veth pair each time and, where the kernel has it, a dummy. A round that has begun
 * is ended first, so that nothing stays. Ends when its stdin does.
 */
const comeAndGo = `
name=$1
dummy=
if ip link add "\${name}d" type dummy 2>/dev/null; then
  ip link delete "\${name}d"
  dummy=yes
fi
come_and_go() {
  stop=
  trap 'stop=yes' TERM
  while [ -z "$stop" ]; do
    {
      echo "link add \${name}a type veth peer name \${name}b"
      echo "link set \${name}a addrgenmode none up"
      [ -z "$dummy" ] || echo "link add \${name}d type dummy"
      [ -z "$dummy" ] || echo "link delete \${name}d"
      echo "link delete \${name}a"
    } | ip -batch - && echo round
    sleep 0.02
  done
}
come_and_go &
loop=$!
cat >/dev/null
kill -TERM $loop
wait $loop
`;

const endMs = 30_000;

/**
 * Does `work` while links of others come and go on the node. Resolves, when they have gone, to what it did and how they came. Throws
 * `ProbeFailed` where they did not come at least twice.
 */
export async function amongForeignLinks<T>(
  node: ClusterNode,
  work: () => Promise<T>,
): Promise<{ done: T; foreign: Foreign }> {
  const command = await node.spawn(["sh", "-c", comeAndGo, "sh", uniqueName("fl")]);
  command.stdin.on("error", () => {});
  const said: Buffer[] = [];
  const rounds: number[] = [];
  command.stdout.on("data", (data: Buffer) => {
    for (const _ of data.toString().matchAll(/\n/g)) rounds.push(performance.now());
  });
  command.stderr.on("data", (data: Buffer) => said.push(data));
  const start = performance.now();
  let done: T;
  let seconds: number;
  try {
    done = await work();
  } finally {
    seconds = (performance.now() - start) / 1_000;
    command.stdin.end();
    await within({ what: `links of others on ${node.name} to have gone`, deadlineMs: endMs }, command.exit);
  }
  const stderr = Buffer.concat(said).toString().trim();
  if (stderr !== "") throw new HarnessError(`${node.name}: links of others cannot come and go: ${stderr}`);
  const [, ...later] = rounds;
  if (later.length === 0) throw new ProbeFailed(`no links of others came and went on ${node.name} meanwhile`);
  const apart = later.map((at, index) => at - rounds[index]!);
  const foreign = {
    perSecond: rounds.length / seconds,
    p50Ms: percentile(apart, 0.5),
    p99Ms: percentile(apart, 0.99),
  };
  return { done, foreign };
}
