import { expect, test, vi } from "vitest";
import { Model } from "#drivers/reference/model/model.ts";
import { emptyState, type State } from "#drivers/reference/model/state/state.ts";
import { Store } from "#drivers/reference/model/state/store.ts";
import { DataplaneFaults } from "./dataplane.ts";
import { forgetNode, NodeFaults } from "./nodes.ts";

/** A network on two nodes with a named container on each. */
function cluster(): Model {
  const model = new Model(new Store(), { firstVni: 100 });
  model.change(({ networks, state }) => {
    const ipv4 = { subnet: "10.1.2.0/24", gateway: "10.1.2.1/24" };
    for (const [index, node] of ["n1", "n2"].entries()) {
      networks.attach({ id: node, node, ipv4, options: { network: "net" } });
      const endpoint = { id: `e${index + 1}`, node, engineNetwork: node, ipv4: `10.1.2.${index + 7}/24` };
      networks.createEndpoint(endpoint);
      state.endpoints[endpoint.id]!.names = [`c${index + 1}`];
    }
  });
  return model;
}

const hostsOn = (plans: DataplaneFaults, { state }: Model, node: string) =>
  plans.planFor(state, node, "eth2").resolvers.flatMap(({ hosts }) => hosts);
const everybody = ["10.1.2.7 c1", "10.1.2.8 c2"];

test("a failed node is forgotten by the others alone, while the fault is on", () => {
  const faults = new Set<string>();
  const plans = new DataplaneFaults(faults);
  const model = cluster();
  plans.failed("n2");
  expect(hostsOn(plans, model, "n1")).toEqual(everybody);
  faults.add("failed-node-forgotten");
  expect(hostsOn(plans, model, "n1")).toEqual(everybody);
  plans.failed("n2");
  expect(hostsOn(plans, model, "n1")).toEqual(["10.1.2.7 c1"]);
  expect(hostsOn(plans, model, "n2")).toEqual(everybody);
  faults.clear();
  expect(hostsOn(plans, model, "n1")).toEqual(everybody);
});

test("no rule is in force for a while once a node has failed, while the fault is on", async () => {
  const rule = { direction: "in", protocol: "tcp", port: 80, action: "deny", priority: 1, peer: {} } as const;
  const set = new Set<string>();
  let syncs = 0;
  const sync = async () => {
    syncs += 1;
  };
  const faults = new NodeFaults(set, sync, 20);
  const enforced = () => {
    const policy = { tenant: "default", name: "closed", rules: { "1": { ...rule, id: "1" } } };
    const state: State = { ...emptyState(), policies: { "default/closed": policy } };
    faults.breakState(state, "n1");
    return Object.keys(state.policies["default/closed"]!.rules);
  };
  faults.failed("n2");
  expect(enforced()).toEqual(["1"]);
  set.add("rules-lifted-when-a-node-fails");
  faults.failed("n2");
  expect(enforced()).toEqual([]);
  // Once for what is wrong, and once for what is right again.
  await vi.waitFor(() => expect(syncs).toBe(2), { timeout: 5_000 });
  expect(enforced()).toEqual(["1"]);
});

test("of a dead node nothing is left, unless the fault keeps it", () => {
  const left = (faults: readonly string[]) => {
    const model = cluster();
    model.change((draft) => forgetNode(draft, "n2", new Set(faults)));
    return Object.values(model.state.endpoints).map(({ names }) => names.join(" "));
  };
  expect(left([])).toEqual(["c1"]);
  expect(left(["dead-node-kept"])).toEqual(["c1", "c2"]);
});
