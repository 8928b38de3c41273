import Docker from "dockerode";
import { describe, expect, it } from "vitest";
import {
  compareSnapshots,
  describeDifferences,
  engineObjects,
  parseSnapshot,
  withoutKnown,
} from "./snapshot.ts";

const page = (sections: Record<string, string[]>) =>
  Object.entries(sections)
    .flatMap(([kind, lines]) => [`=== ${kind}`, ...lines])
    .join("\n");

describe("parseSnapshot", () => {
  it("takes indexes and states out of links", () => {
    const link = (index: number, state: string) =>
      `${index}: veth1@if${index + 1}: <BROADCAST,UP> mtu 1500 qdisc noqueue state ${state} mode DEFAULT group default qlen 1000`;
    expect(parseSnapshot(page({ links: [link(7, "UP")] }))).toEqual(
      parseSnapshot(page({ links: [link(9, "DOWN")] })),
    );
  });

  it("takes out of addresses for how long they are still leased", () => {
    const address = (left: number) =>
      `2: eth0    inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic eth0\\       valid_lft ${left}sec preferred_lft ${left}sec`;
    const { addresses } = parseSnapshot(page({ addresses: [address(3600)] }));
    expect(addresses).toEqual(["eth0 inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic eth0"]);
    expect(parseSnapshot(page({ addresses: [address(12)] }))).toEqual({ addresses });
  });

  it("keeps what somebody put into the forwarding table and forgets what was learned", () => {
    const snapshot = parseSnapshot(
      page({
        fdb: [
          "02:42:0a:00:00:03 dev vxlan0 dst 192.168.2.11 self permanent",
          "02:42:0a:00:00:04 dev br0 master br0",
        ],
      }),
    );
    expect(snapshot.fdb).toEqual(["02:42:0a:00:00:03 dev vxlan0 dst 192.168.2.11 self permanent"]);
  });

  it("keeps the flows of a bridge without what their controller calls them, and their order", () => {
    const [first, second] = [
      "table=1, priority=10,in_port=vvport1 actions=NORMAL",
      "ip,dl_dst=02:02:0a:01:01:03 actions=drop",
    ];
    const flows = [
      ` cookie=0x1f, ${first}`.replace(/^/, "contivVlanBridge "),
      ` cookie=0x0, ${second}`.replace(/^/, "contivVlanBridge "),
    ];
    const head = "contivVlanBridge OFPST_FLOW reply (OF1.3) (xid=0x2):";
    const snapshot = parseSnapshot(page({ "ovs-flows": [head, ...flows] }));
    expect(snapshot["ovs-flows"]).toEqual([`contivVlanBridge ${first}`, `contivVlanBridge ${second}`]);
    const turned = parseSnapshot(page({ "ovs-flows": [head, ...flows.toReversed()] }));
    expect(compareSnapshots({ node1: snapshot }, { node1: turned })).toEqual([]);
  });

  it("knows who listens where by the process, whatever its number, and leaves out the kernel", () => {
    const snapshot = parseSnapshot(
      page({
        listeners: [
          'tcp LISTEN 0      4096      10.0.0.1:2377  0.0.0.0:* users:(("dockerd",pid=47,fd=26))',
          'tcp LISTEN 0      128           [::]:22       [::]:* users:(("sshd",pid=42,fd=8),("sshd",pid=43,fd=8))',
          "udp UNCONN 0      0          0.0.0.0:4789  0.0.0.0:*",
        ],
      }),
    );
    expect(snapshot.listeners).toEqual(["tcp 10.0.0.1:2377 dockerd", "tcp [::]:22 sshd"]);
  });

  it("forgets what the kernel gives an interface with its first carrier, and keeps what somebody gave it", () => {
    const snapshot = parseSnapshot(
      page({
        addresses: [
          "4: docker_gwbridge    inet6 fe80::42:fff:fec7:174c/64 scope link proto kernel_ll \\       valid_lft forever preferred_lft forever",
          "4: docker_gwbridge    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever",
        ],
        routes6: [
          "fe80::/64 dev docker_gwbridge proto kernel metric 256 pref medium",
          "local fe80::42:fff:fec7:174c dev docker_gwbridge table local proto kernel metric 0 pref medium",
          "multicast ff00::/8 dev docker_gwbridge table local proto kernel metric 256 pref medium",
          "fd00:1::/64 via fe80::42:fff:fec7:174c dev eth1 metric 1024 pref medium",
        ],
        fdb: [
          "33:33:ff:c7:17:4c dev docker_gwbridge self permanent",
          "01:00:5e:00:00:01 dev eth1 self permanent",
        ],
      }),
    );
    expect(snapshot).toEqual({
      addresses: ["docker_gwbridge inet6 fe80::1/64 scope link"],
      routes6: ["fd00:1::/64 via fe80::42:fff:fec7:174c dev eth1 metric 1024 pref medium"],
      fdb: ["01:00:5e:00:00:01 dev eth1 self permanent"],
    });
  });

  it("takes sequence numbers out of security associations, and keeps all that they are", () => {
    // As iproute2 6.15 prints what Docker 26.1 has made.
    const association = (sequence: string) =>
      [
        "src 10.9.2.10 dst 10.9.2.11",
        "\tproto esp spi 0xcc83873a reqid 13681891 mode transport",
        "\treplay-window 0 ",
        "\taead rfc4106(gcm(aes)) <<Keys hidden>> 64",
        `\tanti-replay context: seq 0x0, oseq ${sequence}, bitmap 0x00000000`,
        "\tsel src 0.0.0.0/0 dst 0.0.0.0/0 ",
        "",
      ].join("\\");
    const snapshot = parseSnapshot(page({ "xfrm-states": [association("0x0")] }));
    expect(snapshot["xfrm-states"]).toEqual([
      "src 10.9.2.10 dst 10.9.2.11 proto esp spi 0xcc83873a reqid 13681891 mode transport replay-window 0 aead rfc4106(gcm(aes)) <<Keys hidden>> 64 sel src 0.0.0.0/0 dst 0.0.0.0/0",
    ]);
    expect(parseSnapshot(page({ "xfrm-states": [association("0x2f")] }))).toEqual(snapshot);
  });

  it("ignores counters, comments and tables that do nothing, and keeps rules and dropping policies", () => {
    const snapshot = parseSnapshot(
      page({
        iptables: [
          "# Generated by iptables-save",
          "*raw",
          ":PREROUTING ACCEPT [12:345]",
          "COMMIT",
          "*filter",
          ":FORWARD DROP [0:0]",
          ":DOCKER - [0:0]",
          "[3:180] -A FORWARD -j DOCKER",
        ],
      }),
    );
    expect(snapshot.iptables).toEqual([":FORWARD DROP", ":DOCKER -", "-A FORWARD -j DOCKER"]);
  });

  it("reads nftables rules without handles and counters", () => {
    const rule = (handle: number, packets: number) => ({
      rule: {
        family: "inet",
        table: "t",
        chain: "c",
        handle,
        expr: [{ counter: { packets, bytes: 1 } }, { drop: null }],
      },
    });
    const idle = [
      { metainfo: { version: "1.0.6" } },
      { table: { family: "ip", name: "raw", handle: 1 } },
      {
        chain: {
          family: "ip",
          table: "raw",
          name: "PREROUTING",
          handle: 2,
          hook: "prerouting",
          policy: "accept",
        },
      },
    ];
    const read = (...items: object[]) =>
      parseSnapshot(page({ nftables: [JSON.stringify({ nftables: [...idle, ...items] })] })).nftables;
    expect(read()).toEqual([]);
    expect(read(rule(4, 10))).toEqual(read(rule(9, 99)));
    expect(read(rule(4, 10))).toHaveLength(1);
  });

  it("has a section for every kind, empty where the tool is not there", () => {
    expect(parseSnapshot("=== ovs\n=== volumes\nvolume1\n")).toEqual({ ovs: [], volumes: ["volume1"] });
  });
});

describe("compareSnapshots", () => {
  const before = { node1: { links: ["lo", "eth0"] }, node2: { links: ["lo"] } };

  it("finds nothing between equal readings, whatever the order", () => {
    expect(compareSnapshots(before, { node2: { links: ["lo"] }, node1: { links: ["eth0", "lo"] } })).toEqual(
      [],
    );
  });

  it("finds what was left behind and what is missing, by host", () => {
    const after = { node1: { links: ["lo"] }, node2: { links: ["lo", "veth1"] } };
    expect(compareSnapshots(before, after)).toEqual([
      { host: "node1", kind: "links", change: "missing", thing: "eth0" },
      { host: "node2", kind: "links", change: "left behind", thing: "veth1" },
    ]);
  });

  it("holds nothing against anybody of a kind that an older version did not read", () => {
    const after = {
      node1: { links: ["lo", "eth0"], listeners: ["tcp [::]:22 sshd"] },
      node2: { links: ["lo"] },
    };
    expect(compareSnapshots(before, after)).toEqual([]);
    const empty = { node1: { links: ["lo", "eth0"], listeners: [] }, node2: { links: ["lo"] } };
    expect(compareSnapshots(empty, after)).toHaveLength(1);
  });

  it("counts equal lines", () => {
    const twice = { node1: { links: ["lo", "eth0", "eth0"] }, node2: { links: ["lo"] } };
    expect(compareSnapshots(before, twice)).toHaveLength(1);
  });
});

describe("describeDifferences", () => {
  it("takes the veth pair that an engine gives its ingress network anew for the same, and counts such pairs", () => {
    const link = (name: string, mac: string, master = "docker_gwbridge") =>
      `${name}: mtu 1500 qdisc noqueue master ${master} link/ether ${mac} brd ff:ff:ff:ff:ff:ff link-netnsid 3`;
    const [one, other] = [link("veth66e98ac", "e6:47:45:79:78:fe"), link("vethd00270e", "2e:58:c7:55:68:66")];
    expect(compareSnapshots({ n: { links: [one] } }, { n: { links: [other] } })).toEqual([]);
    expect(compareSnapshots({ n: { links: [one] } }, { n: { links: [one, other] } })).toHaveLength(1);
    const elsewhere = link("vethd00270e", "2e:58:c7:55:68:66", "br-0123");
    expect(compareSnapshots({ n: { links: [one] } }, { n: { links: [elsewhere] } })).toHaveLength(2);
    const entry = (mac: string, device: string) =>
      `${mac} dev ${device} vlan 1 master docker_gwbridge permanent`;
    const entries = [entry("e6:47:45:79:78:fe", "veth66e98ac"), entry("2e:58:c7:55:68:66", "vethd00270e")];
    expect(compareSnapshots({ n: { fdb: entries.slice(0, 1) } }, { n: { fdb: entries.slice(1) } })).toEqual(
      [],
    );
    expect(compareSnapshots({ n: { fdb: entries.slice(0, 1) } }, { n: { fdb: entries } })).toHaveLength(1);
    const rule = (address: string) => `-A PREROUTING -d ${address}/32 ! -i docker_gwbridge -j DROP`;
    const before = { n: { iptables: [rule("172.18.0.2")] } };
    expect(compareSnapshots(before, { n: { iptables: [rule("172.18.0.3")] } })).toEqual([]);
    expect(
      compareSnapshots(before, { n: { iptables: [rule("172.18.0.2"), rule("172.18.0.3")] } }),
    ).toHaveLength(1);
  });

  it("is bounded", () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      host: "node1",
      kind: "links",
      change: "left behind" as const,
      thing: `veth${index}`,
    }));
    expect(describeDifferences(many, 5).split("\n")).toHaveLength(6);
    expect(describeDifferences(many, 5)).toContain("… and 25 more");
  });

  it("names every kind, however many there are of one", () => {
    const left = (kind: string, thing: string) => ({
      host: "node1",
      kind,
      change: "left behind" as const,
      thing,
    });
    const links = Array.from({ length: 30 }, (_, index) => left("links", `veth${index}`));
    expect(describeDifferences([...links, left("volumes", "data")], 5)).toContain(
      "volumes: left behind: data",
    );
  });
});

it("tells differences that are known already apart from those that came since", () => {
  const before = { node1: { links: ["eth0"] } };
  const known = compareSnapshots(before, { node1: { links: ["eth0", "left0"] } });
  const since = compareSnapshots(before, { node1: { links: ["eth0", "left0", "left1"] } });
  expect(withoutKnown(since, known)).toEqual([
    { host: "node1", kind: "links", change: "left behind", thing: "left1" },
  ]);
  expect(withoutKnown(compareSnapshots(before, before), known)).toEqual([]);
});

it("an engine that does not answer is not one that has nothing", async () => {
  const docker = new Docker({ socketPath: "/nonexistent/docker.sock" });
  await expect(engineObjects(docker)).rejects.toThrow("ENOENT");
});
