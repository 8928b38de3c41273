import type { Cluster } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";

/**
 * Waits until the engine of every node lists a Docker network, or no engine does. Where engines share networks of global scope
 * they learn of them a little later. Throws `DeadlineExceeded` after 20 s.
 */
export async function untilEngines(
  cluster: Pick<Cluster, "nodes">,
  name: string,
  state: "have" | "forget",
): Promise<void> {
  await Promise.all(
    cluster.nodes.map((node) =>
      until({ what: `${node.name}'s engine to ${state} network ${name}`, deadlineMs: 20_000 }, async () => {
        const listed = await node.docker.listNetworks({ filters: { name: [name] } });
        return listed.some((network) => network.Name === name) === (state === "have");
      }),
    ),
  );
}
