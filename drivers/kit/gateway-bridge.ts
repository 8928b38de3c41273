import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";

const name = "docker_gwbridge";

/**
 * Makes docker_gwbridge beforehand, with the options that an engine gives it. An engine makes it with the first container
 * that has no other egress and never removes it, which a check for leftovers could not tell from a leak.
 */
export async function ensureGatewayBridge(scope: Scope, node: ClusterNode): Promise<void> {
  const listed = await node.docker.listNetworks({ filters: { name: [name] } });
  if (listed.some((network) => network.Name === name)) return;
  await node.docker.createNetwork({
    Name: name,
    Driver: "bridge",
    CheckDuplicate: true,
    Options: {
      "com.docker.network.bridge.name": name,
      "com.docker.network.bridge.enable_icc": "false",
      "com.docker.network.bridge.enable_ip_masquerade": "true",
    },
  });
  scope.defer(`${name} on ${node.name}`, () => node.docker.getNetwork(name).remove());
}
