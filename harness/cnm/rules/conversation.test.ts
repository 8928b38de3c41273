import { describe, expect, test } from "vitest";
import { type Exchange, nodeGivenUp } from "#harness/cnm/protocol/exchange.ts";
import { Conversation, checkConversation } from "./conversation.ts";

type Said = readonly [
  call: string,
  request: object,
  answer?: object | null | undefined,
  caller?: string | undefined,
];

/** Exchanges one after the other, each answered before the next one is sent; `null` is an answer that never came. */
function inOrder(...said: readonly Said[]): Exchange[] {
  return said.map(([call, request, answer = {}, caller = "node1"], index) => ({
    ...{ id: index, plugin: "p", caller, call, startedAt: index * 10, endedAt: index * 10 + 5 },
    ...{ request: JSON.stringify(request), status: answer ? 200 : null },
    answer: answer && JSON.stringify(answer),
  }));
}
const judge = (...said: readonly Said[]) =>
  checkConversation(inOrder(...said)).map(({ requirement, expected, got }) => ({
    requirement,
    expected,
    got,
  }));

/** What is held after these. */
function heldAfter(...said: readonly Said[]) {
  const conversation = new Conversation();
  for (const exchange of inOrder(...said)) {
    conversation.sent(exchange.call, exchange.request);
    conversation.answered(exchange);
  }
  return conversation.held();
}

const no = { Err: "it is busy" };
const noIpam = { Error: "it is busy" };
const network = (verb: "Create" | "Delete", answer?: object | null, caller?: string): Said => [
  ...([`NetworkDriver.${verb}Network`, { NetworkID: "n" }, answer, caller] as const),
];
const endpoint = (verb: string, answer?: object | null, caller?: string, EndpointID = "e"): Said => [
  ...([`NetworkDriver.${verb}`, { NetworkID: "n", EndpointID, SandboxKey: "/s" }, answer, caller] as const),
];
const pool = (PoolID: string, Pool = "10.1.0.0/24", more: object = {}, got = Pool || "10.1.0.0/24"): Said => [
  ...(["IpamDriver.RequestPool", { AddressSpace: "a", Pool, ...more }, { PoolID, Pool: got }] as const),
];
const releasePool = (answer?: object | null): Said => ["IpamDriver.ReleasePool", { PoolID: "1" }, answer];
const gateway = { RequestAddressType: "com.docker.network.gateway" };
const address = (got: string, Options: object = {}, caller?: string, PoolID = "1"): Said => [
  ...([
    "IpamDriver.RequestAddress",
    { PoolID, Address: "", Options },
    { Address: `${got}/24` },
    caller,
  ] as const),
];
const release = (Address: string, answer?: object | null, caller?: string): Said => [
  ...(["IpamDriver.ReleaseAddress", { PoolID: "1", Address }, answer, caller] as const),
];
const lost = (caller: string): Said => [nodeGivenUp, {}, null, caller];

const refusedOf = (call: string, id: string) => ({
  requirement: "CNM-15b",
  expected: `${call} of ${id}, which exists, to succeed`,
  got: '"it is busy"',
});
const onDeleted = (call: string, what: string) => ({
  requirement: "CNM-15b",
  expected: `${call} on the deleted ${what} to be refused`,
  got: "success",
});
const givenTwice = (one: string) => ({
  requirement: "CNM-27",
  expected: "an address of 10.1.0.0/24 that is free",
  got: `${one}, which was given out before and not released`,
});

describe("networks and endpoints", () => {
  test("are held from the answer that grants them to the one that takes them back", () => {
    const made = [network("Create"), endpoint("CreateEndpoint"), endpoint("Join")];
    const nothing = { networks: [], endpoints: [], joins: [], pools: [], addresses: [] };
    const all = { ...nothing, networks: ["node1 n"], endpoints: ["node1 e"], joins: ["node1 e"] };
    expect(heldAfter(...made)).toEqual(all);
    expect(heldAfter(...made, endpoint("Leave"))).toEqual({ ...all, joins: [] });
    expect(heldAfter(...made, endpoint("DeleteEndpoint"))).toEqual({ ...all, endpoints: [], joins: [] });
    expect(heldAfter(...made, endpoint("Leave"), endpoint("DeleteEndpoint"), network("Delete"))).toEqual(
      nothing,
    );
    // An endpoint that no engine knows goes with its network; that of another network does not.
    const other: Said = ["NetworkDriver.CreateEndpoint", { NetworkID: "m", EndpointID: "f" }];
    expect(heldAfter(...made, other, network("Delete"))).toEqual({ ...nothing, endpoints: ["node1 f"] });
  });

  test("are not held where the plugin refused them, and stay where it refuses to give them up", () => {
    const refused = [network("Create", no), endpoint("CreateEndpoint", no), endpoint("Join", no)];
    expect(heldAfter(...refused)).toMatchObject({ networks: [], endpoints: [], joins: [] });
    const made = [network("Create"), endpoint("CreateEndpoint"), endpoint("Join")];
    for (const answer of [no, null]) {
      const kept = [endpoint("Leave", answer), endpoint("DeleteEndpoint", answer), network("Delete", answer)];
      expect(heldAfter(...made, ...kept)).toEqual(heldAfter(...made));
    }
  });

  test("of engines with the same ids are kept apart", () => {
    const both = [network("Create"), network("Create", {}, "node2"), network("Delete", {}, "node2")];
    expect(heldAfter(...both).networks).toEqual(["node1 n"]);
    expect(heldAfter(network("Create", {}, "")).networks).toEqual(["n"]);
    expect(judge(...both, endpoint("CreateEndpoint"))).toEqual([]);
  });

  test.each<[string, Said[], object[]]>([
    [
      "a network",
      [network("Create"), network("Delete", no)],
      [refusedOf("NetworkDriver.DeleteNetwork", "node1 n")],
    ],
    [
      "an endpoint",
      [endpoint("CreateEndpoint"), endpoint("DeleteEndpoint", no)],
      [refusedOf("NetworkDriver.DeleteEndpoint", "node1 e")],
    ],
    [
      "a Leave",
      [endpoint("CreateEndpoint"), endpoint("Join"), endpoint("Leave", no)],
      [refusedOf("NetworkDriver.Leave", "node1 e")],
    ],
  ])("that exist: to refuse the end of %s is a finding", (_what, said, findings) => {
    expect(judge(...said)).toEqual(findings);
  });

  test.each<[string, Said[]]>([
    ["a network that was never made", [network("Delete", no)]],
    ["a network in use", [network("Create"), endpoint("CreateEndpoint"), network("Delete", no)]],
    [
      "an endpoint that has joined",
      [endpoint("CreateEndpoint"), endpoint("Join"), endpoint("DeleteEndpoint", no)],
    ],
    [
      "an endpoint a second time",
      [endpoint("CreateEndpoint"), endpoint("DeleteEndpoint"), endpoint("DeleteEndpoint", no)],
    ],
    ["a Leave without a Join", [endpoint("CreateEndpoint"), endpoint("Leave", no)]],
    ["a Leave a second time", [endpoint("Join"), endpoint("Leave"), endpoint("Leave", no)]],
    [
      "a Join of what is deleted",
      [endpoint("CreateEndpoint"), endpoint("DeleteEndpoint"), endpoint("Join", no)],
    ],
  ])("may be refused: %s", (_what, said) => {
    expect(judge(...said)).toEqual([]);
  });

  test("a Leave or deletion that was never answered is none that was refused", () => {
    const made = [network("Create"), endpoint("CreateEndpoint"), endpoint("Join")];
    expect(
      judge(...made, endpoint("Leave", null), endpoint("DeleteEndpoint", null), network("Delete", null)),
    ).toEqual([]);
  });

  test("that are deleted are gone, until they are made again", () => {
    const gone = [endpoint("CreateEndpoint"), endpoint("DeleteEndpoint")];
    expect(judge(...gone, endpoint("Join"))).toEqual([onDeleted("NetworkDriver.Join", "endpoint node1 e")]);
    expect(heldAfter(...gone, endpoint("Join")).joins).toEqual([]);
    expect(judge(...gone, endpoint("CreateEndpoint"), endpoint("Join"))).toEqual([]);
    const without = [network("Create"), network("Delete")];
    expect(judge(...without, endpoint("CreateEndpoint"))).toEqual([
      onDeleted("NetworkDriver.CreateEndpoint", "network node1 n"),
    ]);
    expect(judge(...without, network("Create"), endpoint("CreateEndpoint"))).toEqual([]);
    expect(judge(...without, network("Create", no), endpoint("CreateEndpoint"))).toHaveLength(1);
  });

  test("with a whole id are told by its beginning", () => {
    const id = "0123456789ab".padEnd(64, "f");
    const made: Said = ["NetworkDriver.CreateNetwork", { NetworkID: id }];
    const kept: Said = ["NetworkDriver.DeleteNetwork", { NetworkID: id }, no];
    expect(judge(made, kept)).toEqual([refusedOf("NetworkDriver.DeleteNetwork", "node1 0123456789ab")]);
  });
});

describe("pools", () => {
  test("are counted", () => {
    expect(heldAfter(pool("1"), pool("1"), releasePool()).pools).toEqual(["1"]);
    expect(heldAfter(pool("1"), pool("1"), releasePool(), releasePool()).pools).toEqual([]);
    expect(heldAfter(pool("1"), releasePool(noIpam)).pools).toEqual(["1"]);
    expect(heldAfter(pool("1"), releasePool(null)).pools).toEqual(["1"]);
    expect(heldAfter(["IpamDriver.RequestPool", {}, noIpam]).pools).toEqual([]);
    expect(heldAfter(["IpamDriver.RequestPool", {}, { PoolID: "" }]).pools).toEqual([]);
  });

  test("that are asked for in the same words have the same id", () => {
    const twice = {
      requirement: "CNM-18",
      expected: "the PoolID 1 again for an identical request",
      got: "2",
    };
    const part = { SubPool: "10.1.0.0/28" };
    expect(judge(pool("1"), pool("2"))).toEqual([twice]);
    expect(judge(pool("1", undefined, part), pool("2", undefined, part))).toEqual([twice]);
    expect(judge(pool("1"), pool("1"))).toEqual([]);
    for (const other of [part, { Options: { a: "b" } }, { AddressSpace: "b" }]) {
      expect(judge(pool("1"), pool("2", undefined, other))).toEqual([]);
    }
    expect(judge(pool("1"), pool("2", "10.2.0.0/24"))).toEqual([]);
    // After the last release it is another one.
    expect(judge(pool("1"), releasePool(), pool("2"))).toEqual([]);
  });

  test("that the plugin chose overlap none that is held in their space", () => {
    const clash = {
      requirement: "CNM-26",
      expected: "an automatic pool that overlaps none that is held",
      got: "10.9.0.0/25, while 10.9.0.0/24 is held",
    };
    const chosen = (id: string, got: string, more = {}) => pool(id, "", more, got);
    expect(judge(chosen("1", "10.9.0.0/24"), chosen("2", "10.9.0.0/25"))).toEqual([clash]);
    expect(judge(pool("1", "10.9.0.0/24"), chosen("2", "10.9.0.0/25"))).toEqual([clash]);
    expect(judge(chosen("1", "10.9.0.0/24"), chosen("2", "10.9.1.0/24"))).toEqual([]);
    expect(judge(chosen("1", "10.9.0.0/24"), chosen("2", "10.9.0.0/25", { AddressSpace: "b" }))).toEqual([]);
    // What the user names may overlap: the engine looks at that itself.
    expect(judge(chosen("1", "10.9.0.0/24"), pool("2", "10.9.0.0/25"))).toEqual([]);
    // What is no pool at all is another rule's to find.
    expect(judge(chosen("1", "10.9.0.0/24"), chosen("2", "no pool"))).toEqual([]);
    expect(judge(chosen("1", "no pool"), chosen("2", "10.9.0.0/24"))).toEqual([]);
  });

  test("that nothing uses can be released", () => {
    expect(judge(pool("1"), releasePool(noIpam))).toEqual([refusedOf("IpamDriver.ReleasePool", "1")]);
    expect(judge(pool("1"), address("10.1.0.2"), releasePool(noIpam))).toEqual([]);
    expect(judge(releasePool(noIpam))).toEqual([]);
    expect(judge(pool("1"), releasePool(null))).toEqual([]);
  });
});

describe("addresses", () => {
  test("are held until their release is sent, and again where it is refused", () => {
    const granted = [pool("1"), address("10.1.0.2"), address("10.1.0.3")];
    expect(heldAfter(...granted).addresses).toEqual(["10.1.0.2", "10.1.0.3"]);
    expect(heldAfter(...granted, release("10.1.0.2")).addresses).toEqual(["10.1.0.3"]);
    expect(heldAfter(...granted, release("10.1.0.3", noIpam)).addresses).toEqual(["10.1.0.2", "10.1.0.3"]);
    expect(
      heldAfter(...granted, ["IpamDriver.ReleasePool", { PoolID: "1", Address: "10.1.0.2" }]).addresses,
    ).toEqual([]);
    expect(heldAfter(address("10.1.0.2")).addresses).toEqual([]);
    expect(heldAfter(pool("1"), ["IpamDriver.RequestAddress", { PoolID: "1" }, noIpam]).addresses).toEqual(
      [],
    );
    expect(heldAfter(pool("1"), ["IpamDriver.RequestAddress", { PoolID: "1" }, {}]).addresses).toEqual([]);
    expect(
      heldAfter(pool("1"), ["IpamDriver.RequestAddress", { PoolID: "1" }, { Address: 7 }]).addresses,
    ).toEqual([]);
  });

  test("that are held are given to nobody else, in whichever way they are written", () => {
    expect(judge(pool("1"), address("10.1.0.2"), address("10.1.0.2"))).toEqual([givenTwice("10.1.0.2")]);
    const long: Said = ["IpamDriver.RequestAddress", { PoolID: "1" }, { Address: "fd00:0::7/64" }];
    const six: Said = ["IpamDriver.RequestAddress", { PoolID: "1" }, { Address: "FD00::7/64" }];
    expect(judge(pool("1"), long, six)).toEqual([givenTwice("fd00::7")]);
    expect(judge(pool("1"), long, release("fd00::0:7"), six)).toEqual([]);
    expect(
      judge(pool("1"), pool("2", "10.1.0.0/25"), address("10.1.0.2"), address("10.1.0.2", {}, "node1", "2")),
    ).toEqual([]);
  });

  test("of a gateway are shared by the engines that share the pool, and by nobody else", () => {
    const one = address("10.1.0.1", gateway);
    const shared = [pool("1"), pool("1"), one];
    expect(judge(...shared, address("10.1.0.1", gateway, "node2"))).toEqual([]);
    expect(judge(pool("1"), one, one)).toEqual([givenTwice("10.1.0.1")]);
    expect(judge(...shared, address("10.1.0.1"))).toEqual([givenTwice("10.1.0.1")]);
    expect(judge(pool("1"), pool("1"), address("10.1.0.1"), one)).toEqual([givenTwice("10.1.0.1")]);
    const another = address("10.1.0.1", { RequestAddressType: "other" });
    expect(judge(...shared, another)).toEqual([givenTwice("10.1.0.1")]);
  });

  test("whose release is refused although they were held are a finding", () => {
    const granted = [pool("1"), address("10.1.0.2")];
    expect(judge(...granted, release("10.1.0.2", noIpam))).toEqual([
      refusedOf("IpamDriver.ReleaseAddress", "10.1.0.2"),
    ]);
    expect(judge(...granted, release("10.1.0.2", null))).toEqual([]);
    expect(judge(...granted, release("10.1.0.3", noIpam))).toEqual([]);
    expect(judge(...granted, release("10.1.0.2"), release("10.1.0.2", noIpam))).toEqual([]);
    expect(judge(release("10.1.0.2", noIpam))).toEqual([]);
  });
});

test("what a lost node had for containers is free, and gateways and other nodes' addresses are not", () => {
  const before: Said[] = [
    ...[pool("1"), network("Create"), endpoint("CreateEndpoint"), endpoint("Join")],
    ...[endpoint("CreateEndpoint", {}, "node10", "f"), endpoint("Join", {}, "node10", "f")],
    ...[address("10.1.0.1", gateway), address("10.1.0.2"), address("10.1.0.3", {}, "node10")],
  ];
  expect(heldAfter(...before, lost("node1"))).toEqual({
    ...{ networks: ["node1 n"], endpoints: ["node10 f"], joins: ["node10 f"], pools: ["1"] },
    addresses: ["10.1.0.1", "10.1.0.3"],
  });
  // Where nobody was given up, an answer that never came frees nothing.
  expect(heldAfter(...before, endpoint("Leave", null))).toEqual(heldAfter(...before));
});

test("a finding has the plugin and the exchange, in the order of time", () => {
  const exchanges = inOrder(network("Create"), network("Delete", no), network("Delete", no));
  expect(checkConversation([...exchanges].reverse())).toMatchObject([
    { who: "p", exchange: exchanges[1] },
    { who: "p", exchange: exchanges[2] },
  ]);
});

test("what is sent in the moment of an answer is sent before it", () => {
  const [granted, given, again] = inOrder(pool("1"), address("10.1.0.2"), address("10.1.0.2"));
  const [freed] = inOrder(release("10.1.0.2"));
  const at = again!.endedAt;
  expect(
    checkConversation([granted!, given!, again!, { ...freed!, startedAt: at, endedAt: at + 9 }]),
  ).toEqual([]);
});

test("calls without fields, or that are none of the protocol, contradict nothing", () => {
  expect(judge(["NetworkDriver.Unknown", {}], ["NetworkDriver.DeleteNetwork", { NetworkID: 7 }, no])).toEqual(
    [],
  );
  expect(judge(["IpamDriver.ReleaseAddress", [], noIpam], ["Plugin.Activate", {}])).toEqual([]);
});
