import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";

/**
 * Waits until the engine of every node lists a Docker network, or no engine does. Where engines share networks of global scope
 * they learn of them a little later. After 20 s it throws `Nonconformance` where an engine answers and does not, which is the plugin's
 * doing, `DeadlineExceeded` where an engine does not answer.
 */
export async function untilEngines(
  cluster: Pick<Cluster, "nodes">,
  name: string,
  state: "have" | "forget",
): Promise<void> {
  await Promise.all(cluster.nodes.map((node) => untilEngine(node, name, state)));
}

async function untilEngine(node: ClusterNode, name: string, state: "have" | "forget"): Promise<void> {
  const what = `${node.name}'s engine to ${state} network ${name}`;
  let listed: string[] | undefined;
  try {
    await until({ what, deadlineMs: 20_000 }, async () => {
      listed = undefined;
      listed = (await node.docker.listNetworks()).map((network) => network.Name);
      return listed.includes(name) === (state === "have");
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded) || !listed) throw error;
    throw new Nonconformance({
      who: `${node.name}'s engine`,
      expected: `to ${state} network ${name} within 20 s`,
      got: `the networks ${listed.join(", ")}`,
    });
  }
}
