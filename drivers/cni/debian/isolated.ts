import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { announcement, listOf, masqueradingBridge, ownSubnet } from "./plugins.ts";

/** Bridges of one node, between which the firewall plugin lets nothing through. Published ports would need ways past it. */
export default cniDriver({
  name: "cni-isolated",
  title: "CNI bridges that the firewall plugin keeps apart",
  capabilities: ["outbound", "hotplug", "isolation"],
  config: (values) =>
    listOf(values, [
      masqueradingBridge(values, { ipam: ownSubnet(values) }),
      announcement(values),
      { type: "firewall", backend: "iptables", ingressPolicy: "same-bridge" },
    ]),
});
