import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Exchange, readExchange } from "#harness/cnm/protocol/exchange.ts";
import { checkAnswer, describeIssues, gatewayIsReachable } from "./answer-rules.ts";

function exchange(call: string, request: unknown, answer: unknown, status = 200): Exchange {
  return {
    ...{ id: 1, plugin: "p", caller: "node1", call, status, startedAt: 0, endedAt: 1 },
    request: JSON.stringify(request),
    answer: typeof answer === "string" ? answer : JSON.stringify(answer),
  };
}
const judge = (...said: Parameters<typeof exchange>) =>
  checkAnswer(readExchange(exchange(...said))).filter((flaw) => flaw !== undefined);

const ids = { NetworkID: "n", EndpointID: "e" };
const join = { ...ids, SandboxKey: "/s" };
const create = (Interface: unknown = {}) => ({ ...ids, Interface });

describe("an answer that keeps the rules", () => {
  test.each<[string, unknown, unknown]>([
    ["Plugin.Activate", {}, { Implements: ["IpamDriver"] }],
    ["Plugin.Activate", {}, { Implements: ["VolumeDriver", "NetworkDriver"] }],
    ["NetworkDriver.GetCapabilities", {}, { Scope: "local", ConnectivityScope: "global" }],
    ["NetworkDriver.GetCapabilities", {}, { Scope: "global", ConnectivityScope: "" }],
    ["NetworkDriver.CreateEndpoint", create(null), {}],
    ["NetworkDriver.CreateEndpoint", create(), { Interface: null }],
    ["NetworkDriver.CreateEndpoint", create({ Address: "10.1.0.7/24" }), { Interface: { Address: "" } }],
    [
      "NetworkDriver.CreateEndpoint",
      create({ MacAddress: "" }),
      { Interface: { Address: "10.1.0.7/24", AddressIPv6: "fd00::7/64", MacAddress: "02-42-0a-01-00-07" } },
    ],
    ["NetworkDriver.Join", join, {}],
    ["NetworkDriver.Join", join, { InterfaceName: { SrcName: "", DstPrefix: "" }, StaticRoutes: null }],
    ["NetworkDriver.Join", join, { Gateway: "", GatewayIPv6: "" }],
    ["NetworkDriver.Join", join, { Gateway: "10.1.0.1", GatewayIPv6: "fd00::1" }],
    ["NetworkDriver.Join", join, { StaticRoutes: [{ Destination: "10.2.0.0/16", NextHop: "10.1.0.2" }] }],
    [
      "NetworkDriver.Join",
      join,
      { StaticRoutes: [{ Destination: "fd01::/64", RouteType: null, NextHop: "fd00::2" }] },
    ],
    ["NetworkDriver.Join", join, { StaticRoutes: [{ Destination: "10.2.0.0/16", RouteType: 1 }] }],
    [
      "IpamDriver.GetDefaultAddressSpaces",
      {},
      { LocalDefaultAddressSpace: "l", GlobalDefaultAddressSpace: "g" },
    ],
    ["IpamDriver.RequestPool", {}, { PoolID: "1", Pool: "10.1.0.0/24" }],
    ["IpamDriver.RequestPool", { V6: true }, { PoolID: "1", Pool: "fd00::/64" }],
    // What was asked for by name is of the family that was asked for, whatever V6 is.
    ["IpamDriver.RequestPool", { Pool: "fd00::/64", V6: false }, { PoolID: "1", Pool: "fd00::/64" }],
    [
      "IpamDriver.RequestPool",
      { Pool: "10.1.0.0/16", SubPool: "10.1.1.0/24" },
      { PoolID: "1", Pool: "10.1.0.0/16" },
    ],
    ["IpamDriver.RequestAddress", { PoolID: "1" }, { Address: "10.1.0.7/24" }],
    ["IpamDriver.RequestAddress", { PoolID: "1", Address: "FD00::0:7" }, { Address: "fd00::7/64" }],
    ["NetworkDriver.Leave", ids, "null"],
  ])("to %s %j is %j", (call, request, answer) => {
    expect(judge(call, request, answer)).toEqual([]);
  });
});

describe("an answer that breaks a rule", () => {
  test.each<[string, unknown, unknown, string, string, string]>([
    [
      "Plugin.Activate",
      {},
      { Implements: ["VolumeDriver"] },
      "CNM-1",
      "Implements to list NetworkDriver or IpamDriver",
      '["VolumeDriver"]',
    ],
    [
      "NetworkDriver.GetCapabilities",
      {},
      { Scope: "Local" },
      "CNM-2",
      'Scope to be "local" or "global"',
      '"Local"',
    ],
    ["NetworkDriver.GetCapabilities", {}, {}, "CNM-2", 'Scope to be "local" or "global"', "null"],
    [
      "NetworkDriver.GetCapabilities",
      {},
      { Scope: "local", ConnectivityScope: "swarm" },
      "CNM-2",
      'ConnectivityScope to be "local" or "global"',
      '"swarm"',
    ],
    [
      "NetworkDriver.CreateEndpoint",
      create({ MacAddress: "02:42:0a:01:00:07" }),
      { Interface: { MacAddress: "02:42:0a:01:00:08" } },
      "CNM-8",
      "no MacAddress in the answer, the engine had set 02:42:0a:01:00:07",
      "MacAddress 02:42:0a:01:00:08",
    ],
    [
      "NetworkDriver.CreateEndpoint",
      create(),
      { Interface: { AddressIPv6: "fd00::7" } },
      "CNM-9",
      "AddressIPv6 to be a CIDR such as 10.1.0.7/24",
      '"fd00::7"',
    ],
    [
      "NetworkDriver.CreateEndpoint",
      create(),
      { Interface: { MacAddress: "10.1.0.7/24" } },
      "CNM-9",
      "MacAddress to be a MAC such as 02:42:0a:01:00:07",
      '"10.1.0.7/24"',
    ],
    [
      "NetworkDriver.Join",
      join,
      { InterfaceName: { SrcName: "veth0", DstPrefix: "" } },
      "CNM-10",
      "a DstPrefix beside SrcName",
      '{"SrcName":"veth0","DstPrefix":""}',
    ],
    [
      "NetworkDriver.Join",
      join,
      { Gateway: "10.1.0.1/24" },
      "CNM-11",
      "Gateway to be an address without prefix",
      '"10.1.0.1/24"',
    ],
    [
      "NetworkDriver.Join",
      join,
      { GatewayIPv6: "fe80" },
      "CNM-11",
      "GatewayIPv6 to be an address without prefix",
      '"fe80"',
    ],
    [
      "IpamDriver.GetDefaultAddressSpaces",
      {},
      { LocalDefaultAddressSpace: "l", GlobalDefaultAddressSpace: "" },
      "CNM-28",
      "a name in GlobalDefaultAddressSpace",
      '""',
    ],
    [
      "IpamDriver.GetDefaultAddressSpaces",
      {},
      { GlobalDefaultAddressSpace: "g" },
      "CNM-28",
      "a name in LocalDefaultAddressSpace",
      "null",
    ],
    [
      "IpamDriver.RequestPool",
      { SubPool: "10.1.0.0/28" },
      { PoolID: "1", Pool: "10.1.0.0/24" },
      "CNM-19",
      "a SubPool (10.1.0.0/28) without a Pool to be refused",
      "pool 10.1.0.0/24",
    ],
    ["IpamDriver.RequestPool", {}, { PoolID: "", Pool: "10.1.0.0/24" }, "CNM-18", "a PoolID", '""'],
    [
      "IpamDriver.RequestPool",
      {},
      { PoolID: "1", Pool: "10.1.0.0" },
      "CNM-18",
      "Pool to be a CIDR",
      '"10.1.0.0"',
    ],
    [
      "IpamDriver.RequestPool",
      { V6: true },
      { PoolID: "1", Pool: "10.1.0.0/24" },
      "CNM-20",
      "an IPv6 pool, as V6 is true",
      "10.1.0.0/24",
    ],
    [
      "IpamDriver.RequestPool",
      {},
      { PoolID: "1", Pool: "fd00::/64" },
      "CNM-20",
      "an IPv4 pool, as V6 is false",
      "fd00::/64",
    ],
    [
      "IpamDriver.RequestAddress",
      { PoolID: "1" },
      { Address: "10.1.0.7" },
      "CNM-21",
      "Address to be a CIDR such as 10.1.0.7/24",
      '"10.1.0.7"',
    ],
    [
      "IpamDriver.RequestAddress",
      { Address: "10.1.0.7" },
      {},
      "CNM-21",
      "Address to be a CIDR such as 10.1.0.7/24",
      "null",
    ],
    [
      "IpamDriver.RequestAddress",
      { PoolID: "1", Address: "10.1.0.7" },
      { Address: "10.1.0.8/24" },
      "CNM-22",
      "10.1.0.7 or a refusal",
      "10.1.0.8/24",
    ],
  ])("to %s %j, %j, breaks exactly that", (call, request, answer, requirement, expected, got) => {
    expect(judge(call, request, answer)).toEqual([{ requirement, expected, got }]);
  });

  test.each<[string, object]>([
    ["a Destination that is a CIDR", { Destination: "10.2.0.0", NextHop: "10.1.0.2" }],
    ["a Destination that is a CIDR", { NextHop: "10.1.0.2" }],
    ["a NextHop that is an address", { Destination: "10.2.0.0/16", NextHop: "10.1.0.2/24" }],
    ["a NextHop for RouteType 0", { Destination: "10.2.0.0/16", RouteType: 0, NextHop: "" }],
    ["a NextHop for RouteType 0", { Destination: "10.2.0.0/16" }],
    ["no NextHop for RouteType 1", { Destination: "10.2.0.0/16", RouteType: 1, NextHop: "10.1.0.2" }],
    ["RouteType 0 or 1", { Destination: "10.2.0.0/16", RouteType: 2 }],
    ["RouteType 0 or 1", { Destination: "10.2.0.0/16", RouteType: -1, NextHop: "10.1.0.2" }],
  ])("to Join lacks %s in the route %j", (expected, route) => {
    const good = { Destination: "10.9.0.0/16", RouteType: 1 };
    expect(judge("NetworkDriver.Join", join, { StaticRoutes: [good, route] })).toEqual([
      { requirement: "CNM-11", expected, got: JSON.stringify(route) },
    ]);
  });

  test("has all that is wrong with it told", () => {
    const given = create({ Address: "10.1.0.7/24" });
    const returned = { Interface: { Address: "10.1.0.7", MacAddress: "x" } };
    expect(judge("NetworkDriver.CreateEndpoint", given, returned).map((flaw) => flaw?.requirement)).toEqual([
      "CNM-8",
      "CNM-9",
      "CNM-9",
    ]);
  });
});

describe("an answer of the wrong form", () => {
  test.each([
    ["Plugin.Activate", { Implements: "NetworkDriver" }, "CNM-1"],
    ["NetworkDriver.GetCapabilities", { Scope: 1 }, "CNM-2"],
    ["NetworkDriver.GwAllocCheck", { SkipIPv4: "no" }, "CNM-7"],
    ["NetworkDriver.AllocateNetwork", { Options: { a: 1 } }, "CNM-6"],
    ["NetworkDriver.CreateEndpoint", { Interface: [] }, "CNM-9"],
    ["NetworkDriver.Join", { StaticRoutes: {} }, "CNM-11"],
    ["NetworkDriver.EndpointOperInfo", { Value: [] }, "CNM-14"],
    ["IpamDriver.GetDefaultAddressSpaces", { LocalDefaultAddressSpace: 1 }, "CNM-28"],
    ["IpamDriver.RequestAddress", { Address: 1 }, "CNM-21"],
    // Of the rest it is said that it has not the form of its call.
    ["IpamDriver.RequestPool", { Pool: 1 }, "CNM-5c"],
    ["NetworkDriver.Leave", { Err: 1 }, "CNM-5c"],
  ])("to %s, %j, breaks %s", (call, answer, requirement) => {
    const [field = ""] = Object.keys(answer);
    expect(judge(call, {}, answer)).toEqual([
      {
        requirement,
        expected: `an answer to ${call} in the protocol's form`,
        got: expect.stringMatching(new RegExp(`^${field}[^ ]* is wrong \\(.*\\): `)),
      },
    ]);
  });

  test("is told with its body", () => {
    expect(judge("NetworkDriver.Leave", ids, ' {"Err":1} ')[0]?.got).toBe(
      'Err is wrong (Invalid input: expected string, received number): {"Err":1}',
    );
    expect(judge("NetworkDriver.Leave", ids, "[]")[0]?.got).toMatch(/^body is wrong \(.*\): \[\]$/);
  });

  test("is not looked for in a failure, nor in the answer to what is no call", () => {
    expect(judge("NetworkDriver.GetCapabilities", {}, { Scope: 1, Err: "no such scope" })).toEqual([]);
    expect(judge("NetworkDriver.GetCapabilities", {}, { Scope: 1 }, 500)).toEqual([]);
    expect(judge("NetworkDriver.Unknown", {}, [])).toEqual([]);
  });

  test("without a body is one with nothing in it", () => {
    expect(judge("NetworkDriver.Leave", ids, "")).toEqual([]);
    expect(judge("NetworkDriver.GetCapabilities", {}, "")).toMatchObject([{ requirement: "CNM-2" }]);
  });
});

describe("a gateway", () => {
  const connected = (Destination: string) => ({ Destination, RouteType: 1 });
  const over = (Destination: string) => ({ Destination, RouteType: 0, NextHop: "10.1.0.2" });
  test.each<[boolean, unknown, string]>([
    [true, { Gateway: "10.1.0.1" }, "10.1.0.7/24"],
    [false, { Gateway: "10.1.1.1" }, "10.1.0.7/24"],
    [
      true,
      { Gateway: "10.1.1.1", StaticRoutes: [connected("10.9.0.0/24"), connected("10.1.1.0/24")] },
      "10.1.0.7/24",
    ],
    [false, { Gateway: "10.1.1.1", StaticRoutes: [over("10.1.1.0/24")] }, "10.1.0.7/24"],
    [false, { Gateway: "10.1.1.1", StaticRoutes: [{ RouteType: 1 }] }, "10.1.0.7/24"],
    // None that is named is none that cannot be reached.
    [true, {}, "10.1.0.7/24"],
    [true, { Gateway: "" }, "10.1.0.7/24"],
    [true, undefined, "10.1.0.7/24"],
    [false, { Gateway: "10.1.0.1" }, "no address"],
    [false, { Gateway: "gateway" }, "10.1.0.7/24"],
    [false, { Gateway: "fd00::1" }, "10.1.0.7/24"],
    [false, { Gateway: 1 }, "10.1.0.7/24"],
    [false, [], "10.1.0.7/24"],
  ])("reachable: %j for %j of %s", (reachable, answer, address) => {
    expect(gatewayIsReachable(answer, address)).toBe(reachable);
  });
});

test("what a schema found wrong is told with where each is, and those beyond the fifth are counted", () => {
  const { error } = z.array(z.string()).safeParse([1, 2, 3, 4, 5, 6, 7]);
  const issue = (at: number) => `${at} is wrong (Invalid input: expected string, received number)`;
  expect(describeIssues(error!)).toBe(`${[0, 1, 2, 3, 4].map(issue).join(", ")}, and 2 more`);
  expect(describeIssues(error!, 7)).toBe([0, 1, 2, 3, 4, 5, 6].map(issue).join(", "));
  const nested = z.object({ a: z.object({ b: z.string() }) }).safeParse({ a: { b: 1 } });
  expect(describeIssues(nested.error!)).toMatch(/^a\.b is wrong/);
});
