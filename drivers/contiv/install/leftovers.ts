import type { ContivNetctl } from "#drivers/contiv/netctl.ts";
import { defaultTenant } from "#drivers/contiv/network.ts";
import { parseGroups, parseNetworks, parsePolicies, parseTenants } from "#drivers/kit/netctl/listings.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Host } from "#harness/host/host.ts";
import { bridges } from "./dataplane.ts";

/**
 * Removes what Contiv still has although nothing uses it: networks, groups, policies, tenants, endpoints whose container is gone, ports
 * without an interface. Such things keep others from being removed. For a Contiv that the suite started, while no container is on
 * its networks. What will not go stays.
 */
export async function removeLeftovers(cluster: Pick<Cluster, "nodes">, netctl: ContivNetctl): Promise<void> {
  const list = async (...argv: string[]) => (await netctl.exec(...argv)).stdout;
  for (const { tenant = defaultTenant, name } of parseGroups(await list("group", "ls", "-a"))) {
    await netctl.exec("group", "rm", "-t", tenant, name);
  }
  const tenants = parseTenants(await list("tenant", "ls"));
  const networks = parseNetworks(await list("net", "ls", "-a"));
  for (const { tenant, name } of networks) {
    // Contiv removes a tenant that still has a network, which then cannot be removed for want of its tenant.
    if (!tenants.includes(tenant)) {
      await netctl.exec("tenant", "create", tenant);
      tenants.push(tenant);
    }
    await netctl.forgetEndpoints(tenant, name);
    await netctl.exec("net", "rm", "-t", tenant, name);
  }
  for (const tenant of tenants) {
    for (const policy of parsePolicies(await list("policy", "ls", "-t", tenant))) {
      await netctl.exec("policy", "rm", "-t", tenant, policy);
    }
    if (tenant !== defaultTenant) await netctl.exec("tenant", "rm", tenant);
  }
  await Promise.all(cluster.nodes.map(removePorts));
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
