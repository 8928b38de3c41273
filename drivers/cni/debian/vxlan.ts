import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { announcement, listOf, masqueradingBridge, ownRange, portmapAndFirewall } from "./plugins.ts";

/** One subnet over all nodes: the bridges of the nodes are joined by kernel VXLAN devices with a static FDB. */
export default cniDriver({
  name: "cni-vxlan",
  title: "CNI bridge over VXLAN",
  capabilities: [
    "multihost",
    "vxlan",
    "outbound",
    "publish",
    "sctp",
    "hairpin",
    "hotplug",
    "ipv6",
    "ipv6Egress",
  ],
  needs: { sctp: ["sctp"], multihost: ["vxlan"], vxlan: ["vxlan"], ipv6: ["vxlan", "ipv6"] },
  underlay: "data",
  join: "vxlan",
  config: (values) =>
    listOf(values, [
      masqueradingBridge(values, {
        mtu: values.mtu,
        hairpinMode: true,
        ipam: ownRange(values, { gateway: true }),
      }),
      announcement(values),
      ...portmapAndFirewall,
    ]),
});
