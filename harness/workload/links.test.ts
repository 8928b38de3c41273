import { describe, expect, it } from "vitest";
import { contains, containsSubnet, freshSubnet } from "#harness/core/ip.ts";
import { parseLinks } from "./links.ts";

describe("parseLinks", () => {
  it("reads kind, peer, master and addresses", () => {
    const output = JSON.stringify([
      {
        ifindex: 5,
        link_index: 6,
        ifname: "eth0",
        flags: ["BROADCAST", "UP", "LOWER_UP"],
        mtu: 1450,
        master: "br0",
        address: "02:42:0a:01:02:03",
        linkinfo: { info_kind: "veth" },
        addr_info: [
          { family: "inet", local: "10.1.2.3", prefixlen: 24 },
          { family: "inet6", local: "fe80::1", prefixlen: 64 },
        ],
      },
    ]);
    expect(parseLinks(output)).toEqual([
      {
        name: "eth0",
        index: 5,
        peerIndex: 6,
        kind: "veth",
        mac: "02:42:0a:01:02:03",
        mtu: 1450,
        up: true,
        master: "br0",
        addresses: ["10.1.2.3/24", "fe80::1/64"],
      },
    ]);
  });

  it("refuses what is no list of links", () => {
    expect(() => parseLinks('[{"ifname":"eth0"}]')).toThrow();
  });
});

describe("addresses", () => {
  it("knows which addresses a subnet contains", () => {
    expect(contains("10.1.2.0/24", "10.1.2.255")).toBe(true);
    expect(contains("10.1.2.0/24", "10.1.3.1")).toBe(false);
    expect(contains("fd00::/64", "10.1.2.3")).toBe(false);
  });

  it("knows which subnets a subnet contains", () => {
    expect(containsSubnet("10.1.2.0/24", "10.1.2.0/24")).toBe(true);
    expect(containsSubnet("10.1.2.0/24", "10.1.2.128/25")).toBe(true);
    expect(containsSubnet("10.1.2.0/24", "10.1.2.0/23")).toBe(false);
    expect(containsSubnet("10.1.2.0/24", "10.1.3.0/25")).toBe(false);
  });

  it("never gives the same subnet twice in a row", () => {
    expect(new Set(Array.from({ length: 300 }, freshSubnet)).size).toBe(300);
  });
});
