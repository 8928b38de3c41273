import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { listOf, ownRange, portmapAndFirewall } from "./plugins.ts";

/**
 * A veth pair and a host route for each container, no bridge. What is to be announced is known to the nodes' routers and to the other nodes
 * by BGP, as Calico has it: not joined by routes of an administrator, and not masqueraded.
 */
export default cniDriver({
  name: "cni-bgp",
  title: "CNI ptp with routes announced by BIRD",
  capabilities: [
    "multihost",
    "outbound",
    "publish",
    "sctp",
    "hairpin",
    "hotplug",
    "ipv6",
    "ipv6Egress",
    "bgp",
  ],
  needs: { sctp: ["sctp"], ipv6: ["ipv6"], bgp: ["bird"] },
  underlay: "control",
  join: "routes",
  announces: true,
  config: (values) =>
    listOf(values, [
      {
        type: "ptp",
        ipMasq: !values.announced,
        capabilities: { ips: true },
        ipam: ownRange(values, { gateway: true }),
      },
      ...portmapAndFirewall,
    ]),
});
