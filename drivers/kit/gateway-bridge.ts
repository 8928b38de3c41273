import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";

const name = "docker_gwbridge";
/** Older engines neither keep the containers on a bridge apart over IPv6 nor translate it. */
const filtersIpv6Since = "27.0";

/**
 * Makes docker_gwbridge beforehand, with the options that an engine gives it. An engine makes it with the first container
 * that has no other egress and never removes it, which a check for leftovers could not tell from a leak. With `ipv6` it is
 * dual-stack, which an engine's own is not, on engines that filter and translate IPv6.
 */
export async function ensureGatewayBridge(
  scope: Scope,
  node: ClusterNode,
  { ipv6 = false }: { ipv6?: boolean } = {},
): Promise<void> {
  const listed = await node.docker.listNetworks({ filters: { name: [name] } });
  if (listed.some((network) => network.Name === name)) return;
  await node.docker.createNetwork({
    Name: name,
    Driver: "bridge",
    CheckDuplicate: true,
    EnableIPv6: ipv6 && compareVersions(node.engine, filtersIpv6Since) >= 0,
    Options: {
      "com.docker.network.bridge.name": name,
      "com.docker.network.bridge.enable_icc": "false",
      "com.docker.network.bridge.enable_ip_masquerade": "true",
    },
  });
  scope.defer(`${name} on ${node.name}`, () => node.docker.getNetwork(name).remove());
}
