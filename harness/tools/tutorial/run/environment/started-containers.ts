import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { CnmWorkload } from "#harness/workload/docker/network.ts";

const runs = /^docker (?:container )?run .*--name[= ](?<name>\S+)/;

/**
 * Tells of a container that the command has started on the node, as of one that a chapter has started: its plugin may have something
 * to do for it then. Only a container with a name is told of, and one that runs.
 */
export async function announceStarted(scope: Scope, node: ClusterNode, command: string): Promise<void> {
  const name = runs.exec(command)?.groups?.name;
  if (name === undefined) return;
  const found = await node.docker.listContainers({ filters: { name: [`^/${name}$`] } });
  for (const { Id } of found) {
    const inspected = await node.docker.getContainer(Id).inspect();
    for (const network of Object.keys(inspected.NetworkSettings.Networks)) {
      const workload = new CnmWorkload(scope, node, inspected, network);
      await announce("workload started", { workload, network, scope });
    }
  }
}
