import { describe, expect, test } from "vitest";
import { Model } from "#drivers/reference/model/model.ts";
import { Store } from "#drivers/reference/model/state/store.ts";
import { planFor } from "./plan.ts";
import { routingFor } from "./routing-plan.ts";

const subnet = "10.128.7.0/24";
const subnet6 = "fd00:7::/64";

/** A model with one routed network and a container of it on each of two nodes, n1 first. */
function routed(): Model {
  const model = new Model(new Store(), { firstVni: 100 });
  for (const [index, node] of ["n1", "n2"].entries()) {
    model.change(({ networks, state }) => {
      networks.attach({
        ...{ id: `net@${node}`, node },
        ipv4: { subnet, gateway: "10.128.7.1/24" },
        ipv6: { subnet: subnet6, gateway: "fd00:7::1/64" },
        options: { network: "shown", encap: "routed" },
      });
      networks.createEndpoint({
        ...{ id: `ep@${node}`, node, engineNetwork: `net@${node}` },
        ...{ ipv4: `10.128.7.${10 + index}/24`, ipv6: `fd00:7::1${index}/64` },
      });
      networks.join(`net@${node}`, `ep@${node}`, "/sandbox");
      state.speakers[node] = {
        ...{ as: 64_601 + index, addresses: [`10.128.0.${1 + index}/24`] },
        neighbors: [{ address: "10.128.0.240", as: 64_600 }],
      };
    });
  }
  return model;
}

describe("a node of a routed network", () => {
  test("routes to its own containers, announces them, and answers for the others on their links", () => {
    const { state } = routed();
    const { ports, routes, proxies, speaker } = routingFor(state, "n1");
    const device = ports[0]?.device ?? "";
    expect(ports).toEqual([
      expect.objectContaining({
        device: expect.stringMatching(/^ng/),
        gateways: ["10.128.7.1", "fd00:7::1"],
      }),
    ]);
    expect(routes).toEqual([
      { address: "10.128.7.10", device, announced: true },
      { address: "fd00:7::10", device, announced: true },
    ]);
    expect(proxies).toEqual([{ device, address: "fd00:7::11" }]);
    expect(speaker?.addresses).toEqual(["10.128.0.1/24"]);
    expect(speaker?.config).toContain(
      "local 10.128.0.1 as 64601;\n  neighbor 10.128.0.240 as 64600;\n  strict bind yes;",
    );
  });

  test("has nothing of it on its bridge", () => {
    const { overlays, trunk, ports, resolvers } = planFor(routed().state, "n1", "eth2");
    expect([overlays, trunk, ports, resolvers]).toEqual([[], [], [], []]);
  });

  test("has no route to a container that left", () => {
    const model = routed();
    model.change(({ networks }) => networks.leave("net@n1", "ep@n1"));
    expect(routingFor(model.state, "n1").routes).toEqual([]);
    expect(routingFor(model.state, "n2").proxies).toEqual([]);
  });

  test("lets nothing through and speaks to nobody before it is told to", () => {
    const model = routed();
    model.change(({ state }) => {
      state.speakers = {};
    });
    expect(routingFor(model.state, "n1")).toMatchObject({ rules: [] });
    expect(routingFor(model.state, "n1").speaker).toBeUndefined();
  });
});

test("a routed network has no tag, no groups, and is of engines alone", () => {
  const model = routed();
  const attach = (options: Record<string, string>) =>
    model.change(({ networks }) =>
      networks.attach({ id: "x@n1", node: "n1", ipv4: { subnet: "10.128.8.0/24", gateway: "" }, options }),
    );
  expect(() => attach({ network: "other", encap: "routed", tag: "5" })).toThrow(
    'tag "5": a routed network has none',
  );
  expect(() => model.change(({ policies }) => policies.createGroup("default", "web", "shown", []))).toThrow(
    'network "shown" is routed, and has no groups',
  );
  const place = { tenant: "default", name: "third", subnet: "10.128.9.0/24", encap: "routed" };
  expect(() => model.change(({ attachments }) => attachments.createNetwork("n1", place))).toThrow(
    "only engines have routed networks",
  );
  expect(attach({ network: "other", encap: "routed" })).toMatchObject({ tag: 0, localTag: 0 });
});
