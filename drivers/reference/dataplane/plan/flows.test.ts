import { expect, test } from "vitest";
import { Model } from "#drivers/reference/model/model.ts";
import type { RuleRequest } from "#drivers/reference/model/state/state.ts";
import { Store } from "#drivers/reference/model/state/store.ts";
import { planFor } from "./plan.ts";

/** A network on two nodes: a member of group db on n1, a container outside of it on n2. */
function cluster(...rules: RuleRequest[]): Model {
  const model = new Model(new Store(), { firstVni: 100 });
  model.change(({ networks, policies }) => {
    const ipv4 = { subnet: "10.1.2.0/24", gateway: "10.1.2.1/24" };
    for (const node of ["n1", "n2"]) networks.attach({ id: node, node, ipv4, options: { network: "net" } });
    policies.createPolicy("default", "policy");
    for (const rule of rules) policies.addRule("default", "policy", rule);
    policies.createGroup("default", "db", "net", ["policy"]);
    networks.attach({ id: "g1", node: "n1", ipv4, options: { network: "net", group: "db" } });
    networks.createEndpoint({ id: "e1", node: "n1", engineNetwork: "g1", ipv4: "10.1.2.7/24" });
    networks.createEndpoint({ id: "e2", node: "n2", engineNetwork: "n2", ipv4: "10.1.2.8/24" });
    networks.join("g1", "e1", "/sandbox");
  });
  return model;
}

const flowsOf = (model: Model, node: string) => planFor(model.state, node, "eth2").flows;
const rulesOf = (model: Model) =>
  flowsOf(model, "n1").filter((flow) => /^table=[56],priority=\d{3}/.test(flow));

test("every node knows the members of a group, wherever they are", () => {
  const model = cluster();
  for (const node of ["n1", "n2"]) {
    expect(flowsOf(model, node).filter((flow) => flow.includes("10.1.2.7"))).toEqual([
      "table=1,priority=10,reg0=4094,ip,nw_dst=10.1.2.7,actions=load:1->NXM_NX_REG1[],goto_table:2",
      "table=2,priority=10,reg0=4094,ip,nw_src=10.1.2.7,actions=load:1->NXM_NX_REG2[],goto_table:3",
    ]);
  }
});

test("over IPv6 a member is known by its MAC, since it has addresses that nobody gave it", () => {
  const model = cluster();
  const mac = "02:02:0a:01:02:07";
  for (const node of ["n1", "n2"]) {
    expect(flowsOf(model, node).filter((flow) => flow.includes(`=${mac}`))).toEqual([
      `table=1,priority=10,reg0=4094,ipv6,dl_dst=${mac},actions=load:1->NXM_NX_REG1[],goto_table:2`,
      `table=2,priority=10,reg0=4094,ipv6,dl_src=${mac},actions=load:1->NXM_NX_REG2[],goto_table:3`,
    ]);
  }
});

test("a container outside of groups is in no flow but its port's", () => {
  expect(flowsOf(cluster(), "n2").filter((flow) => flow.includes("10.1.2.8"))).toEqual([]);
});

test("a rule for every port is for both families; the higher priority comes first, and deny wins at equal priority", () => {
  const deny: RuleRequest = { id: "1", direction: "in", protocol: "tcp", action: "deny" };
  const model = cluster(
    deny,
    { ...deny, id: "2", action: "allow", port: 8888, priority: 10 },
    { ...deny, id: "3", action: "allow" },
  );
  expect(rulesOf(model)).toEqual([
    "table=6,priority=103,tcp,reg1=1,actions=drop",
    "table=6,priority=103,tcp6,reg1=1,actions=drop",
    "table=6,priority=120,tcp,reg1=1,tp_dst=8888,actions=goto_table:7",
    "table=6,priority=120,tcp6,reg1=1,tp_dst=8888,actions=goto_table:7",
    "table=6,priority=102,tcp,reg1=1,actions=goto_table:7",
    "table=6,priority=102,tcp6,reg1=1,actions=goto_table:7",
  ]);
});

test("the peer of an out rule is its destination, and an address is of one family", () => {
  const peer = { address: "10.1.2.0/25" };
  expect(rulesOf(cluster({ id: "1", direction: "out", protocol: "any", action: "deny", peer }))).toEqual([
    "table=5,priority=103,ip,reg2=1,nw_dst=10.1.2.0/25,actions=drop",
  ]);
});

test("networks of different encapsulation share the bridge and nothing else", () => {
  const model = cluster();
  model.change(({ networks }) => {
    const ipv4 = { subnet: "10.1.3.0/24", gateway: "10.1.3.1/24" };
    networks.attach({ id: "v", node: "n1", ipv4, options: { network: "vlan", encap: "vlan", tag: "112" } });
  });
  const { overlays, trunk } = planFor(model.state, "n1", "eth2");
  expect(overlays).toEqual([{ device: "nv100", vni: 100, tag: 4094 }]);
  expect(trunk).toEqual([112]);
  expect(planFor(model.state, "n2", "eth2").trunk).toEqual([]);
});

test("a node without networks has no ports, and only containers that joined have one", () => {
  const model = cluster();
  expect(planFor(model.state, "n1", "eth2").ports.map((port) => port.ipv4)).toEqual(["10.1.2.7"]);
  expect(planFor(model.state, "n2", "eth2").ports).toEqual([]);
  expect(planFor(model.state, "n3", "eth2")).toMatchObject({
    overlays: [],
    trunk: [],
    ports: [],
    resolvers: [],
  });
});

test("what answers is judged as what it answers, with source and destination in each other's place", () => {
  const answersOf = (model: Model) =>
    flowsOf(model, "n1").filter((flow) => /^table=[89],priority=\d{3}/.test(flow));
  const deny: RuleRequest = { id: "1", direction: "in", protocol: "tcp", action: "deny" };
  expect(answersOf(cluster(deny, { ...deny, id: "2", action: "allow", port: 8888, priority: 10 }))).toEqual([
    "table=9,priority=103,tcp,reg2=1,actions=drop",
    "table=9,priority=103,tcp6,reg2=1,actions=drop",
    "table=9,priority=120,tcp,reg2=1,tp_src=8888,actions=NORMAL",
    "table=9,priority=120,tcp6,reg2=1,tp_src=8888,actions=NORMAL",
  ]);
  const peer = { address: "10.1.2.0/25" };
  const out: RuleRequest = { id: "1", direction: "out", protocol: "any", action: "allow", peer };
  expect(answersOf(cluster(out))).toEqual([
    "table=8,priority=102,ip,reg1=1,nw_src=10.1.2.0/25,actions=goto_table:9",
  ]);
});

test("a group that is made or removed changes no flow of another one, whatever their names are, nor does its number come again", () => {
  const deny: RuleRequest = { id: "1", direction: "in", protocol: "tcp", action: "deny" };
  const model = cluster(deny);
  const before = flowsOf(model, "n1");
  const numbers = ["app", "app"].map((name) => {
    model.change(({ policies }) => policies.createGroup("default", name, "net", []));
    expect(flowsOf(model, "n1")).toEqual(before);
    const { mark } = model.state.groups[`default/${name}`]!;
    model.change(({ policies }) => policies.deleteGroup("default", name));
    return mark;
  });
  expect(flowsOf(model, "n1")).toEqual(before);
  expect(numbers).toEqual([2, 3]);
});
