import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { createCnmNetwork, uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import { dockerDriver } from "./kit/docker-driver/docker-driver.ts";
import { restartForFirewall } from "./kit/restore-firewall.ts";

/** Followed by the IP version: each has a mode of its own. */
const gatewayModeOption = "com.docker.network.bridge.gateway_mode_ipv";

/** Docker's own bridge: one network per node, joined to the world by the node's NAT. */
export default dockerDriver({
  name: "bridge",
  title: "Docker bridge",
  capabilities: [
    "names",
    "outbound",
    "publish",
    "sctp",
    "hotplug",
    "isolation",
    "internal",
    "ipv6",
    "gatewayModes",
  ],
  needs: { sctp: ["sctp"], ipv6: ["ipv6"] },
  driver: "bridge",
  options: ({ gatewayMode, subnet6 }) => {
    if (!gatewayMode) return {};
    const versions = subnet6 ? [4, 6] : [4];
    return Object.fromEntries(versions.map((version) => [`${gatewayModeOption}${version}`, gatewayMode]));
  },
  connect: () => ({ restoreFirewall: restartForFirewall }),
  start: forwardIpv6,
});

/**
 * Makes a dual-stack network and removes it. With the first one an engine has its node forward IPv6, drops by default what is
 * forwarded, and keeps both, which a check for leftovers could not tell from a leak.
 */
async function forwardIpv6(scope: Scope, cluster: Cluster): Promise<void> {
  if (!(await cluster.offers("ipv6")).offered) return;
  const once = scope.child("the first dual-stack network");
  await createCnmNetwork(once, cluster, {
    name: uniqueName("first"),
    driver: "bridge",
    subnet: freshSubnet(),
    subnet6: freshSubnet6(),
    createOn: cluster.nodes,
  });
  await once.close();
}
