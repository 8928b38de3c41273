import type { ClusterNode } from "#harness/cluster/cluster.ts";

/**
 * The cluster store of a node's engine, e.g. `etcd://192.168.2.10:2379`, by which engines up to Docker 20.10 share networks of global
 * scope without swarm mode; empty for an engine without.
 */
export async function clusterStoreOf({ docker }: Pick<ClusterNode, "docker">): Promise<string> {
  const { ClusterStore = "" } = (await docker.info()) as { ClusterStore?: string };
  return ClusterStore;
}
