import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { listOf, ownRange, portmapAndFirewall } from "./plugins.ts";

/** One subnet over all nodes: the bridges of the nodes are joined by kernel VXLAN devices with a static FDB. */
export default cniDriver({
  name: "cni-vxlan",
  title: "CNI bridge over VXLAN",
  capabilities: ["multihost", "vxlan", "outbound", "publish", "hotplug"],
  needs: { multihost: ["vxlan"], vxlan: ["vxlan"] },
  underlay: "data",
  join: "vxlan",
  config: (values) =>
    listOf(values, [
      {
        type: "bridge",
        bridge: values.bridge,
        mtu: values.mtu,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        capabilities: { ips: true },
        ipam: ownRange(values, { gateway: true }),
      },
      ...portmapAndFirewall,
    ]),
});
