import { describe, expect, it } from "vitest";
import { type Exchange, nodeGivenUp } from "#harness/cnm/protocol/exchange.ts";
import { readJsonValues } from "#harness/cnm/protocol/json.ts";
import { checkConversation } from "./conversation.ts";
import { checkExchange } from "./rules.ts";

let clock = 1_000;

/** An exchange of which only what matters is given. */
function exchange(call: string, request: unknown, answer: unknown, more: Partial<Exchange> = {}): Exchange {
  clock += 10;
  return {
    id: clock,
    plugin: "p",
    caller: "",
    call,
    request: typeof request === "string" ? request : JSON.stringify(request),
    status: 200,
    answer: typeof answer === "string" ? answer : JSON.stringify(answer),
    startedAt: clock,
    endedAt: clock + 5,
    ...more,
  };
}

const ids = { NetworkID: "n".repeat(64), EndpointID: "e".repeat(64) };
const join = { ...ids, SandboxKey: "/var/run/docker/netns/1", Options: {} };
const given = { ...ids, Interface: { Address: "10.1.0.7/24", AddressIPv6: "", MacAddress: "" }, Options: {} };

describe("checkExchange", () => {
  it.each<[string, Exchange]>([
    ["an activation", exchange("Plugin.Activate", "", { Implements: ["NetworkDriver"] })],
    ["a scope with nothing else", exchange("NetworkDriver.GetCapabilities", "", { Scope: "global" })],
    ["null as an answer", exchange("NetworkDriver.DeleteNetwork", ids, "null")],
    ["an unknown method that is 404", exchange("NetworkDriver.X", {}, "page not found", { status: 404 })],
    ["malformed JSON that is 400", exchange("NetworkDriver.Join", "{", "bad request", { status: 400 })],
    [
      "a failure that names the endpoint",
      exchange("NetworkDriver.Join", join, { Err: "no endpoint eeeeeeeeeeee" }),
    ],
    [
      "a failure with status 500 and Err",
      exchange("NetworkDriver.Join", join, { Err: "no endpoint" }, { status: 500 }),
    ],
    [
      "a MAC that the plugin chose",
      exchange("NetworkDriver.CreateEndpoint", given, { Interface: { MacAddress: "02:42:0a:01:00:07" } }),
    ],
    ["an operational map that is null", exchange("NetworkDriver.EndpointOperInfo", ids, { Value: null })],
    [
      "a Join with both kinds of routes",
      exchange("NetworkDriver.Join", join, {
        InterfaceName: { SrcName: "veth0", DstPrefix: "eth" },
        Gateway: "10.1.0.1",
        StaticRoutes: [
          { Destination: "10.2.0.0/16", RouteType: 0, NextHop: "10.1.0.2" },
          { Destination: "10.3.0.0/16", RouteType: 1, NextHop: "" },
        ],
      }),
    ],
    [
      "a pool and its address",
      exchange(
        "IpamDriver.RequestPool",
        { Pool: "10.1.0.0/24", V6: false },
        { PoolID: "1", Pool: "10.1.0.0/24" },
      ),
    ],
    [
      "a preferred address as asked",
      exchange("IpamDriver.RequestAddress", { PoolID: "1", Address: "10.1.0.7" }, { Address: "10.1.0.7/24" }),
    ],
    [
      "an IPAM failure under Error",
      exchange("IpamDriver.ReleasePool", { PoolID: "1" }, { Error: "no pool 1" }),
    ],
  ])("finds nothing wrong with %s", (_what, good) => {
    expect(checkExchange(good)).toEqual([]);
  });

  it.each<[string, string, Exchange]>([
    ["CNM-1", "an empty activation", exchange("Plugin.Activate", "", {})],
    [
      "CNM-1",
      "an activation of something else",
      exchange("Plugin.Activate", "", { Implements: ["VolumeDriver"] }),
    ],
    ["CNM-2", "a scope in capitals", exchange("NetworkDriver.GetCapabilities", "", { Scope: "Local" })],
    ["CNM-2", "no scope", exchange("NetworkDriver.GetCapabilities", "", {})],
    [
      "CNM-2",
      "an unknown connectivity scope",
      exchange("NetworkDriver.GetCapabilities", "", { Scope: "local", ConnectivityScope: "swarm" }),
    ],
    ["CNM-3", "malformed JSON taken", exchange("NetworkDriver.Join", "{", {})],
    [
      "CNM-3",
      "malformed JSON refused with status 200",
      exchange("NetworkDriver.Join", "{", { Err: "no endpoint" }),
    ],
    ["CNM-3", "a number as an id", exchange("NetworkDriver.DeleteNetwork", { NetworkID: 4 }, {})],
    ["CNM-4", "an unknown method taken", exchange("NetworkDriver.X", {}, {})],
    ["CNM-4", "a method that is missing", exchange("NetworkDriver.Join", join, "", { status: 404 })],
    [
      "CNM-5",
      "a network failure under Error",
      exchange("NetworkDriver.Join", join, { Error: "no endpoint" }),
    ],
    [
      "CNM-5",
      "a failure in plain text",
      exchange("NetworkDriver.Join", join, "endpoint lost", { status: 500 }),
    ],
    ["CNM-5", "a failure that says nothing", exchange("NetworkDriver.Join", join, { Err: "error" })],
    ["CNM-5c", "two objects", exchange("NetworkDriver.Leave", ids, '{"Err":"no endpoint here"}{}')],
    ["CNM-5c", "text after the object", exchange("NetworkDriver.Leave", ids, "{} ok")],
    ["CNM-5c", "a list", exchange("NetworkDriver.Leave", ids, "[]")],
    ["CNM-5c", "no body", exchange("NetworkDriver.Leave", ids, "")],
    [
      "CNM-8",
      "an address that the engine had set",
      exchange("NetworkDriver.CreateEndpoint", given, { Interface: { Address: "10.1.0.7/24" } }),
    ],
    [
      "CNM-9",
      "an address without prefix",
      exchange(
        "NetworkDriver.CreateEndpoint",
        { ...ids, Interface: {} },
        { Interface: { Address: "10.1.0.7" } },
      ),
    ],
    [
      "CNM-9",
      "a MAC of four bytes",
      exchange("NetworkDriver.CreateEndpoint", given, { Interface: { MacAddress: "02:42:0a:01" } }),
    ],
    [
      "CNM-10",
      "no prefix for the name",
      exchange("NetworkDriver.Join", join, { InterfaceName: { SrcName: "veth0" } }),
    ],
    ["CNM-11", "a gateway with prefix", exchange("NetworkDriver.Join", join, { Gateway: "10.1.0.1/24" })],
    [
      "CNM-11",
      "a route to nowhere",
      exchange("NetworkDriver.Join", join, { StaticRoutes: [{ Destination: "10.2.0.0/16", RouteType: 0 }] }),
    ],
    [
      "CNM-11",
      "a connected route with a next hop",
      exchange("NetworkDriver.Join", join, {
        StaticRoutes: [{ Destination: "10.2.0.0/16", RouteType: 1, NextHop: "10.1.0.2" }],
      }),
    ],
    [
      "CNM-14",
      "operational information as a list",
      exchange("NetworkDriver.EndpointOperInfo", ids, { Value: [] }),
    ],
    [
      "CNM-17",
      "an IPAM failure under Err",
      exchange("IpamDriver.ReleasePool", { PoolID: "1" }, { Err: "no pool 1" }),
    ],
    [
      "CNM-19",
      "a part of no pool",
      exchange(
        "IpamDriver.RequestPool",
        { Pool: "", SubPool: "10.1.0.0/28" },
        { PoolID: "1", Pool: "10.1.0.0/24" },
      ),
    ],
    [
      "CNM-20",
      "IPv4 in place of IPv6",
      exchange("IpamDriver.RequestPool", { Pool: "", V6: true }, { PoolID: "1", Pool: "10.1.0.0/24" }),
    ],
    ["CNM-21", "an empty address", exchange("IpamDriver.RequestAddress", { PoolID: "1" }, { Address: "" })],
    [
      "CNM-21",
      "an address without prefix",
      exchange("IpamDriver.RequestAddress", { PoolID: "1" }, { Address: "10.1.0.7" }),
    ],
    [
      "CNM-22",
      "another address than asked",
      exchange("IpamDriver.RequestAddress", { PoolID: "1", Address: "10.1.0.7" }, { Address: "10.1.0.8/24" }),
    ],
    [
      "CNM-28",
      "address spaces without names",
      exchange("IpamDriver.GetDefaultAddressSpaces", "", { LocalDefaultAddressSpace: "" }),
    ],
  ])("finds %s broken by %s", (requirement, _what, bad) => {
    expect(checkExchange(bad).map((finding) => finding.requirement)).toContain(requirement);
  });

  it("says nothing of a call that was never answered", () => {
    expect(checkExchange(exchange("NetworkDriver.Join", join, "", { answer: null, status: null }))).toEqual(
      [],
    );
  });
});

const pool = (PoolID: string, asked = "10.1.0.0/24", got = asked) =>
  exchange(
    "IpamDriver.RequestPool",
    { AddressSpace: "a", Pool: asked, SubPool: "", V6: false },
    { PoolID, Pool: got },
  );
const address = (got: string, Options = {}) =>
  exchange("IpamDriver.RequestAddress", { PoolID: "1", Address: "", Options }, { Address: `${got}/24` });
const release = (Address: string, answer: unknown = {}) =>
  exchange("IpamDriver.ReleaseAddress", { PoolID: "1", Address }, answer);
/** An exchange as the engine of that node has it. */
const by = (caller: string, one: Exchange): Exchange => ({ ...one, caller });
const lost = (caller: string) => by(caller, exchange(nodeGivenUp, "", "", { answer: null, status: null }));
const gateway = { RequestAddressType: "com.docker.network.gateway" };
const network = (verb: string, answer: unknown = {}) =>
  exchange(`NetworkDriver.${verb}Network`, { NetworkID: "n" }, answer);
const endpoint = (verb: string, answer: unknown = {}) =>
  exchange(
    `NetworkDriver.${verb}`,
    { NetworkID: "n", EndpointID: "e", SandboxKey: "/s", Interface: {} },
    answer,
  );

describe("checkConversation", () => {
  it.each<[string, Exchange[]]>([
    [
      "an address given again after its release",
      [pool("1"), address("10.1.0.2"), release("10.1.0.2"), address("10.1.0.2")],
    ],
    [
      "the gateway for each of two engines",
      [pool("1"), pool("1"), address("10.1.0.1", gateway), address("10.1.0.1", gateway)],
    ],
    ["a pool of its own for another space", [pool("1"), pool("2", "10.2.0.0/24")]],
    [
      "an automatic pool after its release",
      [
        pool("1", "", "10.9.0.0/24"),
        exchange("IpamDriver.ReleasePool", { PoolID: "1" }, {}),
        pool("1", "", "10.9.0.0/24"),
      ],
    ],
    [
      "a refused release of what was not held",
      [pool("1"), release("10.1.0.9", { Error: "not held" }), address("10.1.0.9")],
    ],
    [
      "a network in use that is not deleted",
      [network("Create"), endpoint("CreateEndpoint"), network("Delete", { Err: "in use" })],
    ],
    [
      "what a lost node had given again, and that node's engine refused when it is back",
      [
        ...[by("node1", pool("1")), by("node2", pool("1"))],
        ...[by("node1", address("10.1.0.2")), by("node1", endpoint("CreateEndpoint"))],
        ...[lost("node1"), by("node2", address("10.1.0.2"))],
        by("node1", endpoint("DeleteEndpoint", { Err: "endpoint e is unknown" })),
      ],
    ],
    [
      "a whole life",
      [
        network("Create"),
        endpoint("CreateEndpoint"),
        endpoint("Join", { InterfaceName: { SrcName: "v", DstPrefix: "eth" } }),
        endpoint("Leave"),
        endpoint("DeleteEndpoint"),
        network("Delete"),
      ],
    ],
  ])("finds nothing wrong with %s", (_what, good) => {
    expect(checkConversation(good)).toEqual([]);
  });

  it.each<[string, string, Exchange[]]>([
    ["CNM-27", "an address given twice", [pool("1"), address("10.1.0.2"), address("10.1.0.2")]],
    [
      "CNM-27",
      "an address given twice, of a node that is not the lost one",
      [pool("1"), by("node1", address("10.1.0.2")), lost("node2"), by("node2", address("10.1.0.2"))],
    ],
    [
      "CNM-27",
      "an address whose release was refused",
      [pool("1"), address("10.1.0.2"), release("10.1.0.2", { Error: "no" }), address("10.1.0.2")],
    ],
    [
      "CNM-27",
      "the gateway given to an endpoint",
      [pool("1"), pool("1"), address("10.1.0.1", gateway), address("10.1.0.1")],
    ],
    [
      "CNM-26",
      "an automatic pool that is held",
      [pool("1", "", "10.9.0.0/24"), pool("2", "", "10.9.0.0/25")],
    ],
    ["CNM-18", "another id for the same pool", [pool("1"), pool("2")]],
    [
      "CNM-15b",
      "a network that cannot be deleted",
      [network("Create"), network("Delete", { Err: "network is busy" })],
    ],
    [
      "CNM-15b",
      "a Join after the endpoint's end",
      [network("Create"), endpoint("CreateEndpoint"), endpoint("DeleteEndpoint"), endpoint("Join")],
    ],
  ])("finds %s broken by %s", (requirement, _what, bad) => {
    expect(checkConversation(bad).map((finding) => finding.requirement)).toContain(requirement);
  });

  it("does not take an address that is being released for one that is held", () => {
    const slow = release("10.1.0.2");
    const overtaking = { ...address("10.1.0.2"), startedAt: slow.startedAt + 1, endedAt: slow.startedAt + 2 };
    expect(
      checkConversation([
        pool("1"),
        { ...address("10.1.0.2"), startedAt: 0, endedAt: slow.startedAt - 1 },
        slow,
        overtaking,
      ]),
    ).toEqual([]);
  });
});

describe("readJsonValues", () => {
  it.each([
    ['{"a":"}{\\""} [1] 2', 3, ""],
    ["{} trailing", 1, "trailing"],
    ['{"a":', 0, '{"a":'],
    ["", 0, ""],
    ["null", 1, ""],
  ])("reads %j as %i values", (text, count, rest) => {
    expect(readJsonValues(text)).toMatchObject({ rest });
    expect(readJsonValues(text).values).toHaveLength(count);
  });
});
