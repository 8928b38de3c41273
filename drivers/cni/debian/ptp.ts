import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { listOf, ownSubnet, portmapAndFirewall } from "./plugins.ts";

/** A veth pair and a host route for each container, no bridge; routes between the nodes. */
export default cniDriver({
  name: "cni-ptp",
  title: "CNI ptp with routes between the nodes",
  capabilities: ["multihost", "outbound", "publish", "sctp", "hairpin", "hotplug"],
  needs: { sctp: ["sctp"] },
  underlay: "control",
  join: "routes",
  config: (values) =>
    listOf(values, [
      { type: "ptp", ipMasq: true, capabilities: { ips: true }, ipam: ownSubnet(values) },
      ...portmapAndFirewall,
    ]),
});
