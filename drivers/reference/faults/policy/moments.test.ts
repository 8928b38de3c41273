import { expect, it, vi } from "vitest";
import { emptyPlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import { type EndpointState, emptyState, type State } from "#drivers/reference/model/state/state.ts";
import { MomentFaults } from "./moments.ts";

const network = (name: string, tenant: string, localTag: number): State["networks"][string] => ({
  ...{ tenant, name, encap: "vxlan", tag: 10_000 + localTag, localTag },
  ...{ subnet: "10.1.1.0/24", gateway: "", resolver: "169.254.64.2" },
});
const member: EndpointState = {
  ...{ id: "e1", node: "node1", network: "default/net", engineNetwork: "n1", ipv4: "10.1.1.2/24" },
  ...{ mac: "02:42:0a:01:01:02", group: "web", names: [], sandbox: "/run/docker/netns/1" },
};
const deadline = { timeout: 5_000 };
const started = { ...member, names: ["web-1"] };

function faulty(name: ReferenceFaultName) {
  const synced = vi.fn(async () => {});
  const moments = new MomentFaults(new Set([name]), synced);
  /** The endpoint as it is enforced. */
  const enforced = (endpoint?: EndpointState): EndpointState | undefined => {
    const state = { ...emptyState(), networks: { "default/net": network("net", "default", 1) } };
    const broken: State = { ...state, endpoints: endpoint ? { e1: structuredClone(endpoint) } : {} };
    moments.breakState(broken);
    return broken.endpoints.e1;
  };
  return { moments, synced, enforced };
}

it("a new member is in no group until 20 ms after it was started", async () => {
  const { synced, enforced } = faulty("policy-20-ms-late");
  expect(enforced(member)?.group).toBeUndefined();
  expect(synced).not.toHaveBeenCalled();
  expect(enforced(started)?.group).toBeUndefined();
  // Once for what is wrong, and once for what is right again.
  await vi.waitFor(() => expect(synced).toHaveBeenCalledTimes(2), deadline);
  expect(enforced(started)?.group).toBe("web");
});

it("a rule is not in force until it is 1.2 s old, and is new again once it was deleted", async () => {
  const synced = vi.fn(async () => {});
  const moments = new MomentFaults(new Set(["policy-slow"]), synced);
  const rule = { direction: "in", protocol: "udp", port: 0, action: "deny", priority: 1, peer: {} } as const;
  const enforced = (...ids: string[]) => {
    const rules = Object.fromEntries(ids.map((id) => [id, { ...rule, id }]));
    const policy = { tenant: "default", name: "closed", rules };
    const state: State = { ...emptyState(), policies: { "default/closed": policy } };
    moments.breakState(state);
    return Object.keys(state.policies["default/closed"]!.rules);
  };
  expect(enforced("1")).toEqual([]);
  await vi.waitFor(() => expect(synced).toHaveBeenCalledTimes(2), deadline);
  expect(enforced("1", "2")).toEqual(["1"]);
  expect(enforced()).toEqual([]);
  expect(enforced("1")).toEqual([]);
});

it("no rule is in force for 20 ms after a group was made or removed, on no node, each time", async () => {
  const synced = vi.fn(async () => {});
  const moments = new MomentFaults(new Set(["rules-made-anew-for-each-group"]), synced);
  const rule = {
    id: "1",
    direction: "in",
    protocol: "udp",
    port: 0,
    action: "deny",
    priority: 1,
    peer: {},
  } as const;
  const rulesWith = (...names: string[]) => {
    const groups = names.map((name, index) => {
      const made = { tenant: "default", name, network: "default/net", policies: [], mark: index + 1 };
      return [`default/${name}`, made] as const;
    });
    const policy = { tenant: "default", name: "closed", rules: { "1": rule } };
    const state: State = {
      ...emptyState(),
      groups: Object.fromEntries(groups),
      policies: { "default/closed": policy },
    };
    moments.breakState(state);
    return Object.keys(state.policies["default/closed"]!.rules);
  };
  let syncs = 0;
  for (const groups of [["web"], ["web", "app"], ["web"]]) {
    expect([rulesWith(...groups), rulesWith(...groups)]).toEqual([[], []]);
    syncs += 2;
    await vi.waitFor(() => expect(synced).toHaveBeenCalledTimes(syncs), deadline);
    expect(rulesWith(...groups)).toEqual(["1"]);
  }
});

it("one that has left keeps its interface, and no group, for 20 ms", async () => {
  const { synced, enforced } = faulty("rules-go-before-interface");
  expect(enforced(started)).toEqual(started);
  expect(enforced()).toMatchObject({ sandbox: started.sandbox });
  expect(enforced()?.group).toBeUndefined();
  await vi.waitFor(() => expect(synced).toHaveBeenCalledTimes(2), deadline);
  expect(enforced()).toBeUndefined();
});

it("what a new container sends goes to ports of other tenants as well, for 20 ms", async () => {
  const { moments, synced } = faulty("tenant-20-ms-late");
  const state = {
    ...emptyState(),
    networks: { "default/net": network("net", "default", 1), "blue/net": network("net", "blue", 2) },
    endpoints: { e1: started },
  };
  const port = { inner: "", encap: "vxlan", ipv4: "10.1.1.2" } as const;
  const ports = [
    { ...port, device: "nh1", tag: 1, mac: member.mac },
    { ...port, device: "nh2", tag: 2, mac: "02:42:0a:01:01:09" },
  ];
  const flows = () => moments.flows(state, { ...emptyPlan, ports });
  expect(flows()).toEqual([
    "table=0,priority=15,in_port=nh1,ip,actions=output:nh2,load:1->NXM_NX_REG0[],goto_table:1",
  ]);
  await vi.waitFor(() => expect(synced).toHaveBeenCalledTimes(2), deadline);
  expect(flows()).toEqual([]);
});
