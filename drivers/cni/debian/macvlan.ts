import { cniDriver } from "#drivers/cni/cni-driver.ts";
import { listOf, ownRange } from "./plugins.ts";

/** Containers with a MAC of their own on the wire of the data interfaces. They have no way to their node, nor out. */
export default cniDriver({
  name: "cni-macvlan",
  title: "CNI macvlan on the data interface",
  capabilities: ["multihost", "hotplug"],
  needs: { multihost: ["macvlan"], hotplug: ["macvlan"], cni: ["macvlan"] },
  underlay: "data",
  config: (values) =>
    listOf(values, [
      {
        type: "macvlan",
        master: values.dataDevice,
        mode: "bridge",
        capabilities: { ips: true },
        ipam: ownRange(values, { gateway: false }),
      },
    ]),
});
