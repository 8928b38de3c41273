import { createCnmNetwork, uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import { defineDriver } from "./driver.ts";

/** Docker's own bridge: one network per node, joined to the world by the node's NAT. */
export default defineDriver({
  name: "bridge",
  title: "Docker bridge",
  capabilities: ["names", "outbound", "publish", "hotplug"],

  async install() {
    return {};
  },

  async connect(cluster) {
    return {
      async createNetwork(scope, spec = {}) {
        return createCnmNetwork(scope, cluster, {
          name: spec.name ?? uniqueName("bridge"),
          driver: "bridge",
          subnet: spec.subnet ?? freshSubnet(),
          ...(spec.gateway ? { gateway: spec.gateway } : {}),
          createOn: cluster.nodes,
        });
      },
    };
  },
});
