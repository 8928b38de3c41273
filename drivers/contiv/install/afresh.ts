import { type ContivDaemons, etcdOf, killContiv, startContiv } from "#drivers/contiv/daemons/daemons.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { forgetLostEndpoints } from "#harness/cluster/containers/lost-endpoints.ts";
import type { Host } from "#harness/host/host.ts";
import { bridges, clearFlows } from "./dataplane.ts";

/**
 * Starts a Contiv that is the suite's and has nothing yet: networks, groups, policies, tenants and endpoints go with its store, also those that
 * it will not remove; and so do ports and flows. For a time when no container is on its networks. Contiv keeps what an engine forgot,
 * and what it did not wholly make, and refuses other things for it. `tunnelEnds`: address of each node's end of the VXLAN tunnels.
 */
export async function startAfresh(
  cluster: Pick<Cluster, "nodes">,
  daemons: ContivDaemons,
  tunnelEnds: readonly string[],
): Promise<void> {
  // Engines of one cluster store see the same networks: the first one removes them, and the others find none.
  for (const node of cluster.nodes) await removeNetworks(node);
  await killContiv(daemons);
  await forgetState(daemons.etcd.node, etcdOf(cluster));
  await Promise.all(
    cluster.nodes.map(async (node) => {
      await removePorts(node);
      await clearFlows(node);
    }),
  );
  await startContiv(daemons, tunnelEnds);
}

/** Removes Contiv's networks from an engine. */
async function removeNetworks({ docker }: ClusterNode): Promise<void> {
  for (const { Id } of await docker.listNetworks({ filters: { driver: ["netplugin"] } })) {
    const network = docker.getNetwork(Id);
    await forgetLostEndpoints(network);
    await network.remove();
  }
}

/** Empties Contiv's part of etcd; that of the engines, in the same one, stays. */
async function forgetState(first: Host, etcd: string): Promise<void> {
  const url = `${etcd}/v2/keys/contiv.io?recursive=true`;
  const asked = ["--silent", "--show-error", "--max-time", "10", "--request", "DELETE", url];
  await first.run(["curl", ...asked]);
}

/** netplugin numbers its ports for containers: `vvport7`, with `vport7` as the container's end of it. */
async function removePorts(node: Host): Promise<void> {
  for (const bridge of bridges) {
    const listed = await node.exec(["ovs-vsctl", "--timeout=10", "list-ports", bridge]);
    for (const port of listed.stdout.split("\n").filter((name) => /^v?vport\d+$/.test(name))) {
      await node.exec(["ovs-vsctl", "--timeout=10", "--if-exists", "del-port", bridge, port]);
      await node.exec(["ip", "link", "delete", port]);
    }
  }
}
