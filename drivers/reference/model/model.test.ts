import { mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Model } from "./model.ts";
import type { NetworkRequest } from "./networks.ts";
import type { RuleRequest } from "./state/state.ts";
import { Store } from "./state/store.ts";

const model = (path?: string) => new Model(new Store(path), { firstVni: 100 });

function request(id: string, options: Record<string, string> = {}, subnet = "10.1.2.0/24"): NetworkRequest {
  return { id, node: id.replace(/.*@/, ""), ipv4: { subnet, gateway: "10.1.2.1/24" }, options };
}

const attach = (to: Model, ...given: Parameters<typeof request>) =>
  to.change(({ networks }) => networks.attach(request(...given)));

describe("networks", () => {
  test("engines that name the same network share it, and it goes with the last of them", () => {
    const one = model();
    const options = { network: "web" };
    expect(attach(one, "a@n1", options)).toEqual(attach(one, "b@n2", options));
    one.change(({ networks }) => networks.detach("a@n1"));
    expect(Object.keys(one.state.networks)).toEqual(["default/web"]);
    one.change(({ networks }) => networks.detach("b@n2"));
    expect(one.state.networks).toEqual({});
    one.change(({ networks }) => networks.detach("b@n2"));
  });

  test("tenants have networks of one name and subnet, with VNIs of their own", () => {
    const one = model();
    one.change(({ policies }) => policies.createTenant("blue"));
    const first = attach(one, "a@n1", { network: "web" });
    const second = attach(one, "b@n1", { network: "web", tenant: "blue" });
    expect([first.tag, second.tag]).toEqual([100, 101]);
    expect(first.localTag).not.toBe(second.localTag);
    expect(first.resolver).not.toBe(second.resolver);
  });

  test("an overlay gives its local tag up to a VLAN network of that tag", () => {
    const one = model();
    const { localTag } = attach(one, "a@n1", { network: "web" });
    const vlan = attach(one, "b@n1", { network: "v", encap: "vlan", tag: String(localTag) }, "10.1.3.0/24");
    expect(vlan.localTag).toBe(localTag);
    expect(one.state.networks["default/web"]?.localTag).not.toBe(localTag);
  });

  test.each([
    [{ network: "other" }, "10.1.2.0/24", "subnet 10.1.2.0/24 overlaps 10.1.2.0/24 of network default/web"],
    [
      { network: "web" },
      "10.1.9.0/24",
      "network default/web exists with subnet 10.1.2.0/24, not 10.1.9.0/24",
    ],
    [{ network: "v", encap: "vlan", tag: "112" }, "10.1.9.0/24", "tag 112 is in use by network default/vlan"],
    [
      { network: "v", encap: "vlan", tag: "4095" },
      "10.1.9.0/24",
      'tag "4095" is out of range: expected 1 to 4094',
    ],
    [{ network: "v", encap: "vlan" }, "10.1.9.0/24", "a vlan network needs its tag"],
    [{ network: "v", encap: "gre" }, "10.1.9.0/24", 'encap "gre" is unknown'],
    [{ network: "v", tenant: "green" }, "10.1.9.0/24", 'tenant "green" is unknown'],
    [{ network: "v", group: "db" }, "10.1.9.0/24", 'group "db" is unknown in tenant default'],
    [{ network: "v", password: "x" }, "10.1.9.0/24", 'option "password" is unknown'],
    [{ network: "v" }, "10.1.9.0/240", '"10.1.9.0/240" is no CIDR'],
  ])("refuses %o on %s and leaves nothing half-made", (options, subnet, message) => {
    const one = model();
    attach(one, "a@n1", { network: "web" });
    attach(one, "b@n1", { network: "vlan", encap: "vlan", tag: "112" }, "10.1.3.0/24");
    const before = structuredClone(one.state);
    expect(() => attach(one, "c@n1", options as Record<string, string>, subnet)).toThrow(message);
    expect(one.state).toEqual(before);
  });

  test("an address is given to one endpoint, wherever it is", () => {
    const one = model();
    attach(one, "a@n1", { network: "web" });
    attach(one, "b@n2", { network: "web" });
    const endpoint = { node: "n1", ipv4: "10.1.2.7/24" };
    const create = (id: string, engineNetwork: string) =>
      one.change(({ networks }) => networks.createEndpoint({ ...endpoint, id, engineNetwork }));
    expect(create("e1", "a@n1").mac).toBe("02:02:0a:01:02:07");
    expect(create("e1", "a@n1")).toEqual(create("e1", "a@n1"));
    expect(() => create("e2", "b@n2")).toThrow("address 10.1.2.7/24 is in use by endpoint e1 on n1");
    one.change(({ networks }) => networks.detach("a@n1"));
    expect(one.state.endpoints).toEqual({});
  });
});

describe("policies", () => {
  const deny: RuleRequest = { id: "1", direction: "in", protocol: "tcp", action: "deny" };

  function prepared(): Model {
    const one = model();
    attach(one, "a@n1", { network: "web" });
    one.change(({ policies }) => {
      policies.createPolicy("default", "db-policy");
      policies.addRule("default", "db-policy", deny);
      policies.createGroup("default", "db", "web", ["db-policy"]);
    });
    return one;
  }

  test.each([
    [{ ...deny }, 'rule "1" exists already in policy db-policy'],
    [{ ...deny, id: "2", port: 65_536 }, "port 65536 is out of range: expected 0 to 65535"],
    [{ ...deny, id: "2", priority: 101 }, "priority 101 is out of range: expected 1 to 100"],
    [
      { ...deny, id: "2", protocol: "icmp" as const, port: 80 },
      "port 80 needs protocol tcp or udp, got icmp",
    ],
    [{ ...deny, id: "2", peer: { group: "web" } }, 'group "web" is unknown in tenant default'],
    [{ ...deny, id: "2", peer: { network: "no" } }, 'network "no" is unknown in tenant default'],
    [{ ...deny, id: "2", peer: { address: "10.1.2.300" } }, '"10.1.2.300" is no IP address'],
  ])("refuses the rule %o", (rule, message) => {
    expect(() => prepared().change(({ policies }) => policies.addRule("default", "db-policy", rule))).toThrow(
      message,
    );
  });

  test("what is in use cannot be deleted, and the message says who uses it", () => {
    const one = prepared();
    attach(one, "g@n1", { network: "web", group: "db" });
    const change = (work: Parameters<typeof one.change>[0]) => () => one.change(work);
    expect(change(({ policies }) => policies.deletePolicy("default", "db-policy"))).toThrow(
      "in use by group db",
    );
    expect(change(({ policies }) => policies.deleteGroup("default", "db"))).toThrow(
      "in use by network g@n1 on n1",
    );
    one.change(({ networks }) => networks.detach("g@n1"));
    one.change(({ policies }) => policies.deleteGroup("default", "db"));
    one.change(({ policies }) => policies.deletePolicy("default", "db-policy"));
    expect(one.state.policies).toEqual({});
  });
});

describe("the state file", () => {
  const temporaryFolder = () => mkdtempDisposableSync(join(tmpdir(), "netconform-model-"));

  test("a model that starts again knows what the one before knew", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "state.json");
    const one = model(file);
    attach(one, "a@n1", { network: "web" });
    expect(model(file).state).toEqual(one.state);
  });

  test("a change that is refused is not on disk either", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "state.json");
    const one = model(file);
    attach(one, "a@n1", { network: "web" });
    const before = readFileSync(file, "utf8");
    expect(() => attach(one, "b@n1", { network: "other" })).toThrow();
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("a file of something else is refused by name", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "state.json");
    writeFileSync(file, '{"version":7}');
    expect(() => model(file)).toThrow(`${file} is no state file of the reference plugin`);
  });
});
