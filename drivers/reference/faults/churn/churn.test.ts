import { expect, test } from "vitest";
import { SlowerWithEach } from "#drivers/reference/faults/churn/slower.ts";
import { DataplaneFaults } from "#drivers/reference/faults/dataplane.ts";
import { Model } from "#drivers/reference/model/model.ts";
import { Store } from "#drivers/reference/model/state/store.ts";

const ipv4 = { subnet: "10.1.2.0/24", gateway: "10.1.2.1/24" };

/** A plugin whose endpoints on one node come and go; resolves to what is on that node and on another then. */
function plugin(faults: ReadonlySet<string>) {
  const model = new Model(new Store(), { firstVni: 100 });
  const plans = new DataplaneFaults(faults);
  const flows = (node: string) => plans.planFor(model.state, node, "eth2").flows;
  model.change(({ networks }) => {
    for (const node of ["n1", "n2"]) networks.attach({ id: node, node, ipv4, options: { network: "net" } });
  });
  const churn = (times: number) => {
    for (let time = 0; time < times; time++) {
      const endpoint = { id: "e", node: "n1", engineNetwork: "n1", ipv4: "10.1.2.7/24" };
      model.change(({ networks }) => networks.createEndpoint(endpoint));
      flows("n1");
      model.change(({ networks }) => networks.deleteEndpoint("e"));
      flows("n1");
    }
    return { n1: flows("n1").length, n2: flows("n2").length };
  };
  return { churn };
}

test("of the fiftieth endpoint that goes a flow stays on its node, until the fault is off", () => {
  const faults = new Set<string>();
  const { churn } = plugin(faults);
  const before = churn(50);
  faults.add("one-rule-in-fifty-kept");
  expect(churn(49)).toEqual(before);
  expect(churn(1)).toEqual({ ...before, n1: before.n1 + 1 });
  faults.clear();
  expect(churn(1)).toEqual(before);
});

test("an endpoint waits longer for each that has gone, until the fault is off", () => {
  const faults = new Set<string>();
  const slower = new SlowerWithEach(faults);
  slower.went();
  expect(slower.waitMs()).toBe(0);
  faults.add("slower-with-each-endpoint");
  expect(slower.waitMs()).toBe(0);
  for (let gone = 0; gone < 3; gone++) slower.went();
  expect(slower.waitMs()).toBe(30);
  faults.clear();
  expect(slower.waitMs()).toBe(0);
  faults.add("slower-with-each-endpoint");
  expect(slower.waitMs()).toBe(0);
});
