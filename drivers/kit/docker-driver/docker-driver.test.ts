import { describe, expect, it } from "vitest";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { UsageError } from "#harness/core/errors.ts";
import { dockerDriver, networkOf } from "./docker-driver.ts";

/** The nodes of a cluster as far as their names; nothing here speaks to one. */
const nodes = ["node1", "node2"].map((name) => ({ name }) as ClusterNode);
const cluster = { nodes } as unknown as Cluster;
const scope = new Scope("a network");
const spec = { name: "mine", title: "Mine", capabilities: ["names"], driver: "mine" } as const;

describe("dockerDriver", () => {
  it("asks every engine for a network of the plugin, with what was wanted and nothing else", async () => {
    const wanted = { name: "net", subnet: "10.1.2.0/24", gateway: "10.1.2.9", subnet6: "fd00::/64" };
    expect(await networkOf(spec, wanted, cluster, scope)).toEqual({
      ...wanted,
      driver: "mine",
      createOn: nodes,
    });
    expect(await networkOf(spec, { subnet: "10.1.2.0/24" }, cluster, scope)).toEqual({
      name: expect.stringMatching(/^mine-[0-9a-f]{8}$/),
      subnet: "10.1.2.0/24",
      driver: "mine",
      createOn: nodes,
    });
  });

  it("makes the plugin's options of what is wanted, and asks one engine where that is enough", async () => {
    const made = await networkOf(
      {
        ...spec,
        ipam: { driver: "mine-ipam", options: { pool: "a" } },
        options: ({ encap = "vxlan", tag }) => ({ encap, ...(tag ? { "pkt-tag": String(tag) } : {}) }),
        createOn: "first",
      },
      { name: "net", encap: "vlan", tag: 7 },
      cluster,
      scope,
    );
    expect(made).toMatchObject({
      ipamDriver: "mine-ipam",
      ipamOptions: { pool: "a" },
      options: { encap: "vlan", "pkt-tag": "7" },
      createOn: [nodes[0]],
    });
  });

  it("lets the plugin have the last word", async () => {
    const network = () => ({ attachable: true, gateway: "10.1.2.254" });
    const made = await networkOf({ ...spec, network }, { gateway: "10.1.2.1" }, cluster, scope);
    expect(made).toMatchObject({ attachable: true, gateway: "10.1.2.254" });
  });

  it("connects to what the specification has, and to no more", async () => {
    const bare = await dockerDriver(spec).connect(cluster, {});
    expect(Object.keys(bare)).toEqual(["createNetwork"]);
    const all = await dockerDriver({
      ...spec,
      capabilities: ["multihost", "remote"],
      underlay: async () => "control",
      restart: async () => {},
      stop: async () => {},
      versions: async () => ({ mine: "1.0" }),
      connect: (_, { recorder }) => ({ listNetworks: async () => [{ name: recorder } as never] }),
    }).connect(cluster, { recorder: "there" });
    expect(all.underlay).toBe("control");
    expect(await all.versions?.()).toEqual({ mine: "1.0" });
    expect(await all.listNetworks?.()).toEqual([{ name: "there" }]);
    expect(Object.keys(all).sort()).toEqual(
      ["createNetwork", "listNetworks", "restart", "stop", "underlay", "versions"].sort(),
    );
  });

  it.each([
    ["multihost", "multihost: expected underlay, got none"],
    ["policy", "policy: expected createPolicy, got none"],
    ["remote", "remote: expected protocol, got none"],
  ] as const)("refuses %s without its methods at once", (capability, message) => {
    const make = () => dockerDriver({ ...spec, capabilities: [capability] });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(`dockerDriver mine declares what it lacks\n  ${message}`);
  });
});
