import { describe, expect, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { Frame, Packet } from "#harness/observe/capture/packet.ts";
import { hopOf, type PlacedVerdict, wayOf } from "./describe.ts";
import { askedOnLoopback, follow, type Question, type Seen } from "./follow.ts";
import { type Place, placesOf } from "./places.ts";
import { type Namespace, ownNamespace } from "./watcher.ts";

const client = "10.1.2.2";
const server = "10.1.2.3";
const [node1, node2] = [new LocalHost("node1"), new LocalHost("node2")];

function namespace(host: LocalHost, path: string, links: [string, string, ...string[]][]): Namespace {
  return {
    host,
    path,
    links: links.map(([name, kind, ...addresses], index) => ({ index, name, kind, addresses })),
  };
}

const namespaces = [
  namespace(node1, ownNamespace, [["eth2", "veth", "192.0.2.1/24"]]),
  namespace(node1, "/proc/7/ns/net", [["eth0", "veth", `${client}/24`]]),
  namespace(node1, "/run/docker/netns/1-ab", [
    ["br0", "bridge", "10.1.2.1/24"],
    ["vxlan0", "vxlan"],
  ]),
  namespace(node1, "/run/docker/netns/other", [["eth0", "veth", "10.1.2.9/24"]]),
  namespace(node2, ownNamespace, [["eth2", "veth", "192.0.2.2/24"]]),
  namespace(node2, "/run/docker/netns/b", [["eth0", "veth", `${server}/24`]]),
];
const ends = {
  client: { name: "c-1", host: "node1", path: "/proc/7/ns/net" },
  address: server,
  target: { name: "c-2" },
};
const places = placesOf(ends, namespaces);
const place = (name: string): Place => {
  const found = places.find((one) => one.name === name);
  if (!found) throw new Error(`no place ${name}`);
  return found;
};

const blank: Frame = {
  ...{ source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02", vlans: [], etherType: 0x0800 },
  ...{ ip: undefined, tcp: undefined, udp: undefined, sctp: undefined, icmp: undefined, vxlan: undefined },
  payload: Buffer.from("marker"),
};

/** An IP packet with what it carries. */
function ip(source: string, destination: string, carried: Partial<Frame>): Frame {
  const protocol = carried.tcp ? 6 : carried.udp ? 17 : carried.sctp ? 132 : 1;
  const version = 4;
  const header = { version, source, destination, protocol, ttl: 64, length: 84, identification: 1 } as const;
  return { ...blank, ip: { ...header, dontFragment: false, fragment: undefined }, ...carried };
}

/** What the server sends has its MAC. */
const fromServer = { source: "02:00:00:00:00:02" };
const ping = ip(client, server, { icmp: { type: 8, code: 0 } });
const pong = { ...ip(server, client, { icmp: { type: 0, code: 0 } }), ...fromServer };
const inTunnel = (inner: Frame, from: string, to: string): Frame => ({
  ...ip(from, to, { udp: { sourcePort: 40_001, destinationPort: 4789 } }),
  vxlan: { vni: 4097, inner },
});
let clock = 0;
function seen(where: string, link: string, outgoing: boolean, frame: Frame): Seen {
  const packet: Packet = { ...frame, time: ++clock, length: 98 };
  return { place: place(where), link, outgoing, packet };
}
const echo: Question = { protocol: "icmp", address: server, ports: [], marker: "marker" };
const told = (packets: Seen[], drops: PlacedVerdict[] = [], question = echo) =>
  hopOf(follow(question, packets), drops, question.address);

describe("the places that a probe may cross", () => {
  test("are both ends, their hosts, and bridges and tunnels of the network", () => {
    expect(places.map(({ name }) => name)).toEqual(["node1", "c-1", "node1 1-ab", "node2", "c-2"]);
    expect(places.filter(({ isClient }) => isClient).map(({ name }) => name)).toEqual(["c-1"]);
    expect(places.filter(({ isTarget }) => isTarget).map(({ name }) => name)).toEqual(["c-2"]);
  });

  test("are those of the server, where it is known, and of the host whose address is asked", () => {
    const target = { name: "c-2", host: "node2", path: "/run/docker/netns/b" };
    const found = placesOf({ ...ends, address: "192.0.2.2", target }, namespaces);
    expect(found.map(({ name }) => name)).toContain("c-2");
    expect(found.find(({ name }) => name === "node2")?.isTarget).toBe(false);
  });
});

const onItsWay = () => [
  seen("c-1", "eth0", true, ping),
  seen("node1 1-ab", "vxlan0", true, ping),
  seen("node1", "eth2", true, inTunnel(ping, "192.0.2.1", "192.0.2.2")),
  seen("node2", "eth2", false, inTunnel(ping, "192.0.2.1", "192.0.2.2")),
];

describe("the hop on which a probe was lost", () => {
  test("is the last interface that saw it, inside of a tunnel too", () => {
    expect(told(onItsWay())).toEqual({ seen: "last seen on node2 eth2 (in)", drop: undefined });
  });

  test("is not where it came back to who had sent it, as from a bridge in hairpin mode", () => {
    const flooded = [seen("c-1", "eth0", true, ping), seen("node1", "eth2", false, ping)];
    expect(told([...flooded, seen("c-1", "eth0", false, ping)]).seen).toBe("last seen on node1 eth2 (in)");
  });

  test("has the rule that dropped it there, and not what was dropped of others", () => {
    const drop = (frame: Frame): PlacedVerdict => ({
      ...{
        verdict: "drop" as const,
        family: "inet",
        table: "filter",
        chain: "input",
        handle: 3,
        place: place("node2"),
      },
      headers: [{ frame, sent: false }],
    });
    const [other, own] = [
      inTunnel(ping, "192.0.2.9", "192.0.2.2"),
      inTunnel(ping, "192.0.2.1", "192.0.2.2"),
    ].map((frame) => drop({ ...frame, vxlan: undefined }));
    expect(told(onItsWay(), [other!, own!]).drop).toBe(own);
    expect(told(onItsWay(), [other!]).drop).toBeUndefined();
  });

  test("is the container itself where it arrived and no answer was sent", () => {
    expect(told([...onItsWay(), seen("c-2", "eth0", false, ping)])).toEqual({
      seen: `it arrived at c-2 eth0 (in) from ${client}`,
      drop: undefined,
      else: "and no answer was sent",
    });
  });

  test("is on the way back where an answer was sent", () => {
    const arrived = [...onItsWay(), seen("c-2", "eth0", false, ping), seen("c-2", "eth0", true, pong)];
    expect(told(arrived).seen).toBe(`the answer of c-2 to ${client} was last seen on c-2 eth0 (out)`);
    const back = [...arrived, seen("c-1", "eth0", false, pong)];
    expect(told(back).seen).toBe(`the answer of c-2 to ${client} came back to c-1 eth0 (in)`);
  });

  test("does not depend on the clocks of two hosts being the same", () => {
    const late = seen("c-1", "eth0", true, ping);
    const early = { ...seen("node2", "eth2", false, inTunnel(ping, "192.0.2.1", "192.0.2.2")) };
    const packets = [late, { ...early, packet: { ...early.packet, time: -1000 } }];
    expect(told(packets).seen).toBe("last seen on node2 eth2 (in)");
  });

  test("is told of the packet with the marker", () => {
    const other = { ...ping, payload: Buffer.from("other") };
    expect(told([seen("c-1", "eth0", true, other), ...onItsWay()]).seen).toBe("last seen on node2 eth2 (in)");
  });

  test("is not seen where nothing left, but the question for a MAC is", () => {
    expect(told([])).toEqual({ seen: undefined, drop: undefined });
    const arp = Buffer.from("0001080006040001020000000001" + "0a010202" + "000000000000" + "0a010203", "hex");
    const asked = { ...blank, etherType: 0x0806, payload: arp };
    expect(told([seen("c-1", "eth0", true, asked), seen("node1 1-ab", "vxlan0", true, asked)]).seen).toBe(
      `not sent: nobody told the MAC of ${server}, asked for last on node1 1-ab vxlan0 (out)`,
    );
  });

  test("is where the MAC was told, where that was not taken, and nothing of what is asked for another address", () => {
    const arp = (operation: string, sender: string, of: string) => ({
      ...{ ...blank, etherType: 0x0806, ...(operation === "0002" ? fromServer : {}) },
      payload: Buffer.from(`000108000604${operation}020000000001${sender}000000000000${of}`, "hex"),
    });
    const [own, asked, other] = ["0a010202", "0a010203", "0a010204"];
    const question = seen("c-1", "eth0", true, arp("0001", own, asked));
    const answer = seen("c-1", "eth0", false, arp("0002", asked, own));
    expect(told([question, answer]).seen).toBe(
      `not sent: the MAC of ${server} was told, last seen on c-1 eth0 (in)`,
    );
    const strange = seen("c-1", "eth0", true, arp("0001", own, other));
    expect(told([strange]).seen).toBeUndefined();
    expect(told([question, strange, seen("c-1", "eth0", false, arp("0002", other, own))]).seen).toBe(
      `not sent: nobody told the MAC of ${server}, asked for last on c-1 eth0 (out)`,
    );
  });

  test("is at the target where that does not learn the client's MAC", () => {
    const arp = Buffer.from("0001080006040001020000000001" + "0a010203" + "000000000000" + "0a010202", "hex");
    const asked = { ...blank, ...fromServer, etherType: 0x0806, payload: arp };
    const arrived = [...onItsWay(), seen("c-2", "eth0", false, ping), seen("c-2", "eth0", true, asked)];
    expect(told(arrived)).toMatchObject({
      seen: `it arrived at c-2 eth0 (in) from ${client}`,
      else: `and no answer was sent: nobody told the MAC of ${client}, asked for last on c-2 eth0 (out)`,
    });
  });

  test("is the question for a MAC over IPv6 too, which no rule dropped that let the packet pass", () => {
    const header = { ...ip("fd00::2", "ff02::1:ff00:3", {}).ip!, version: 6, protocol: 58 } as const;
    const target = Buffer.from(`fd00${"00".repeat(13)}03`, "hex");
    const asked = { ...blank, etherType: 0x86dd, ip: header, icmp: { type: 135, code: 0 }, payload: target };
    const six = placesOf(
      { ...ends, address: "fd00::3" },
      namespaces.map((one) =>
        one.path === ends.client.path
          ? namespace(node1, one.path, [["eth0", "veth", `${client}/24`, "fd00::2/64"]])
          : one,
      ),
    ).find(({ isClient }) => isClient)!;
    const sent = { ...ip(client, server, {}), ip: { ...header, destination: "fd00::3" } };
    const passed: PlacedVerdict = {
      ...{ verdict: "accept", family: "inet", table: "t", chain: "output", handle: null, place: six },
      headers: [{ frame: sent, sent: true }],
    };
    const question: Question = { protocol: "icmp", address: "fd00::3", ports: [] };
    const packets = [{ ...seen("c-1", "eth0", true, asked), place: six }];
    expect(told(packets, [passed], question)).toEqual({
      seen: "not sent: nobody told the MAC of fd00::3, asked for last on c-1 eth0 (out)",
      drop: undefined,
    });
  });

  test("follows a connection by its sequence number through translation of addresses", () => {
    const tcp = { sourcePort: 40_000, destinationPort: 9111, sequence: 7, acknowledgement: 0 };
    const flags = { syn: true, ack: false, rst: false, fin: false };
    const syn = ip(client, "192.0.2.2", { tcp: { ...tcp, ...flags } });
    const translated = ip("192.0.2.1", server, { tcp: { ...tcp, ...flags, destinationPort: 8081 } });
    const reset = { ...tcp, sourcePort: 8081, destinationPort: 40_000, acknowledgement: 8 };
    const answer = ip(server, "192.0.2.1", { tcp: { ...reset, ...flags, syn: false, ack: true, rst: true } });
    const question: Question = { protocol: "tcp", address: "192.0.2.2", ports: [9111, 8081] };
    const way = [seen("c-1", "eth0", true, syn), seen("c-2", "eth0", false, translated)];
    expect(told(way, [], question).seen).toBe("it arrived at c-2 eth0 (in) from 192.0.2.1");
    expect(told([...way, seen("c-2", "eth0", true, answer)], [], question).seen).toBe(
      "the answer of c-2 to 192.0.2.1 was last seen on c-2 eth0 (out)",
    );
  });
});

test("an association is followed by its tag through translation of addresses", () => {
  const init = { sourcePort: 40_000, destinationPort: 9110, tag: 0, initiateTag: 7 };
  const asked = ip(client, "192.0.2.2", { sctp: init });
  const translated = ip("192.0.2.1", server, { sctp: { ...init, destinationPort: 8081 } });
  const abort = { sourcePort: 8081, destinationPort: 40_000, tag: 7, initiateTag: undefined };
  const question: Question = { protocol: "sctp", address: "192.0.2.2", ports: [9110, 8081] };
  const way = [seen("c-1", "eth0", true, asked), seen("c-2", "eth0", false, translated)];
  expect(told(way, [], question).seen).toBe("it arrived at c-2 eth0 (in) from 192.0.2.1");
  const answered = seen("c-2", "eth0", true, ip(server, "192.0.2.1", { sctp: abort }));
  expect(told([...way, answered], [], question).seen).toBe(
    "the answer of c-2 to 192.0.2.1 was last seen on c-2 eth0 (out)",
  );
});

test("a question that an engine asks its node's own resolver is told from those of others there", () => {
  const asks = (source: string, name: string) => ({
    ...ip(source, "127.0.0.2", { udp: { sourcePort: 40_000, destinationPort: 53 } }),
    payload: Buffer.from(name),
  });
  const question = { ports: [53], marker: "web" };
  const meant = seen("node1", "lo", true, asks("127.0.0.1", "\x03web\x04test"));
  const others = [
    seen("c-1", "lo", true, asks("127.0.0.1", "\x03web\x04test")),
    seen("node1", "lo", true, asks("127.0.0.1", "\x02db\x04test")),
    seen("node1", "eth2", true, { ...ping, payload: Buffer.from("web") }),
  ];
  expect(askedOnLoopback(question, [...others, meant])).toBe(meant);
  expect(askedOnLoopback(question, others)).toBeUndefined();
});

describe("the way of a probe that was to be stopped", () => {
  const through = [
    seen("c-1", "eth0", true, ping),
    seen("node1", "br-1", false, ping),
    seen("node1", "br-1", false, ping),
    seen("node1", "br-2", true, ping),
    seen("c-2", "eth0", false, ping),
  ];
  const accept = (chain: string, more: Partial<PlacedVerdict> = {}): PlacedVerdict => ({
    ...{ verdict: "accept", family: "ip", table: "filter", chain, handle: 3, place: place("node1") },
    ...{ headers: [{ frame: ping, sent: false }], ...more },
  });
  const way = (packets: Seen[], verdicts: PlacedVerdict[] = []) => wayOf(follow(echo, packets), verdicts);

  test("is each interface that it crossed", () => {
    expect(way(through)).toEqual({
      seen: "by c-1 eth0 (out), node1 br-1 (in), node1 br-2 (out), c-2 eth0 (in)",
      accept: undefined,
    });
  });

  test("tells where its addresses were translated", () => {
    const source = ip("192.0.2.1", server, { icmp: { type: 8, code: 0 } });
    const destination = ip("192.0.2.1", "10.1.2.7", { icmp: { type: 8, code: 0 } });
    const translated = [
      seen("c-1", "eth0", true, ping),
      seen("node1", "br-2", true, source),
      seen("node2", "eth2", false, source),
      seen("node2", "br-3", true, destination),
      seen("c-2", "eth0", true, pong),
    ];
    expect(way(translated)?.seen).toBe(
      "by c-1 eth0 (out), node1 br-2 (out) from 192.0.2.1, node2 eth2 (in), node2 br-3 (out) to 10.1.2.7",
    );
  });

  test("has the last rule that accepted it, and else the policy for what is forwarded", () => {
    const policies = [accept("FORWARD", { handle: null }), accept("POSTROUTING", { handle: null })];
    expect(way(through, policies)?.accept).toBe(policies[0]);
    const rules = [
      accept("FORWARD"),
      accept("DOCKER"),
      accept("DOCKER", { table: "nat" }),
      accept("DOCKER", { headers: [{ frame: pong, sent: false }] }),
      accept("INPUT", { place: place("c-2") }),
      accept("DOCKER", { verdict: "drop" }),
    ];
    expect(way(through, [...policies, ...rules])?.accept).toBe(rules[1]);
  });

  test("is none where it did not come to its target, and nobody answered", () => {
    expect(way(through.slice(0, -1))).toBeUndefined();
    expect(way([])).toBeUndefined();
    expect(way([...through.slice(0, -1), seen("c-2", "eth0", true, pong)])).toBeDefined();
  });
});
