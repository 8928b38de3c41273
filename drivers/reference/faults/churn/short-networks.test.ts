import { expect, test } from "vitest";
import { DataplaneFaults } from "#drivers/reference/faults/dataplane.ts";
import { Model } from "#drivers/reference/model/model.ts";
import { Store } from "#drivers/reference/model/state/store.ts";

const ipv4 = { subnet: "10.1.2.0/24", gateway: "10.1.2.1/24" };
const lost = "table=0,priority=65535,ipv6,actions=drop";

test("IPv6 is lost with a network that was removed soon after it was made, until the fault is off", () => {
  const faults = new Set(["ipv6-lost-after-a-short-network"]);
  const model = new Model(new Store(), { firstVni: 100 });
  const plans = new DataplaneFaults(faults);
  const isLost = () => plans.planFor(model.state, "n1", "eth2").flows.includes(lost);
  model.change(({ networks }) => {
    networks.attach({ id: "n", node: "n1", ipv4, options: { network: "net" } });
  });
  expect(isLost()).toBe(false);
  model.change(({ networks }) => networks.detach("n"));
  expect(isLost()).toBe(true);
  faults.clear();
  expect(isLost()).toBe(false);
});
