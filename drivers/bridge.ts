import { dockerDriver } from "./kit/docker-driver/docker-driver.ts";

/** Docker's own bridge: one network per node, joined to the world by the node's NAT. */
export default dockerDriver({
  name: "bridge",
  title: "Docker bridge",
  capabilities: ["names", "outbound", "publish", "hotplug", "isolation", "internal"],
  driver: "bridge",
});
