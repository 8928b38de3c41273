import type { NetworkListing } from "#drivers/driver.ts";
import { dockerDriver } from "#drivers/kit/docker-driver/docker-driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { Blocked } from "#harness/core/errors.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import { rangeOf } from "./range.ts";

/** Tags for networks that ask for none, clear of those that the chapters use. */
const firstOwnTag = 2000;
let next = 0;

/**
 * Docker's own macvlan on 802.1Q devices of the data interface, which the engine makes as it needs them: a
 * network that is a VLAN.
 */
export default dockerDriver({
  name: "macvlan",
  title: "Docker macvlan on 802.1Q devices",
  capabilities: ["multihost", "vlan", "hotplug", "isolation"],
  needs: {
    multihost: ["macvlan", "vlan8021q"],
    vlan: ["macvlan", "vlan8021q"],
    hotplug: ["macvlan", "vlan8021q"],
    isolation: ["macvlan", "vlan8021q"],
  },

  underlay: "data",
  driver: "macvlan",
  // Nodes differ in the device and in the part of the subnet, and all must have one tag.
  async network(spec, cluster) {
    // Also for requirements that need no capability: none of its networks can be without.
    const devices = await cluster.offers("vlan8021q");
    if (!devices.offered) throw new Blocked(devices.reason);
    const tag = spec.tag ?? firstOwnTag + (next++ % 2000);
    const subnet = spec.subnet ?? freshSubnet();
    return {
      subnet,
      gateway: spec.gateway ?? nthAddress(subnet, 1),
      optionsOn: ({ interfaces }) => ({ parent: `${interfaces.data.device}.${tag}` }),
      rangeOn: (node) => rangeOf(cluster, node, subnet),
    };
  },
  // Engines are the ones that know its networks.
  connect: (cluster) => ({ listNetworks: () => listNetworks(cluster) }),
});

/** What the first engine knows; the others were told the same. */
async function listNetworks(cluster: Cluster): Promise<NetworkListing[]> {
  const networks = (await cluster.nodes[0]?.docker.listNetworks({ filters: { driver: ["macvlan"] } })) ?? [];
  return networks.map(({ Name, Options, IPAM }) => {
    const [config] = IPAM?.Config ?? [];
    return {
      tenant: "default",
      name: Name,
      encap: "vlan",
      tag: Number((Options as { parent?: string } | undefined)?.parent?.split(".").at(-1)),
      subnet: config?.Subnet ?? "",
      gateway: config?.Gateway ?? "",
    };
  });
}
