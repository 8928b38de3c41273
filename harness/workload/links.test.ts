import { describe, expect, it } from "vitest";
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
