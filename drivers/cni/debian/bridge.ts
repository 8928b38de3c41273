import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { announcement, listOf, masqueradingBridge, ownSubnet, portmapAndFirewall } from "./plugins.ts";

/** The network of a simple Kubernetes set-up: a bridge and a subnet on each node, and routes between them. */
export default cniDriver({
  name: "cni-bridge",
  title: "CNI bridge with routes between the nodes",
  capabilities: ["multihost", "outbound", "publish", "sctp", "hairpin", "hotplug", "ipv6", "ipv6Egress"],
  needs: { sctp: ["sctp"], ipv6: ["ipv6"] },
  underlay: "control",
  join: "routes",
  config: (values) =>
    listOf(values, [
      masqueradingBridge(values, { hairpinMode: true, ipam: ownSubnet(values) }),
      announcement(values),
      ...portmapAndFirewall,
    ]),
});
