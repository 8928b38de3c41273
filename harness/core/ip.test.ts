import { BlockList, isIP } from "node:net";
import { describe, expect, it } from "vitest";
import {
  addressOf,
  bareAddress,
  broadcastAddress,
  contains,
  containsSubnet,
  familyOf,
  formatAddress,
  formatNetwork,
  hostRange,
  InvalidAddress,
  type IpAddress,
  isAddress,
  isCidr,
  networkAddress,
  networkOf,
  nthAddress,
  nthSubnet,
  overlaps,
  parseAddress,
  parseCidr,
  parseNetwork,
  prefixOf,
  sizeOf,
} from "./ip.ts";
import { seededRandom } from "./random.ts";

describe("texts", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["::", "::"],
    ["::1", "::1"],
    ["fd00:0:0:1::", "fd00:0:0:1::"],
    ["FD6E:6366:0:0:0:0:0:7", "fd6e:6366::7"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:10.1.2.3", "::ffff:a01:203"],
  ])("%s is written as %s", (text, canonical) => {
    expect(formatAddress(parseAddress(text))).toBe(canonical);
  });

  it.each([
    "",
    "10.1.2",
    "10.1.2.256",
    "010.1.2.3",
    "0x0a.1.2.3",
    " 10.1.2.3",
    "10.1.2.3\n",
    "1::2::3",
    "fe80::1%eth0",
    "[::1]",
    "10.1.2.0/24",
    "fd00::/64",
  ])("%j is no address, and the error names it", (text) => {
    expect(isAddress(text)).toBe(false);
    expect(() => parseAddress(text)).toThrow(InvalidAddress);
    expect(() => parseAddress(text)).toThrow(`"${text}" is no IP address`);
  });

  it.each([
    "",
    "10.1.2.0",
    "10.1.2.0/",
    "10.1.2.0/33",
    "10.1.2.0/-1",
    "10.1.2.0/024",
    "10.1.2.0/2/4",
    "10.1.2/24",
    "fd00::/129",
    "fe80::1%eth0/64",
    "default",
  ])("%j is no CIDR, and the error names it", (text) => {
    expect(isCidr(text)).toBe(false);
    expect(() => parseCidr(text)).toThrow(InvalidAddress);
    expect(() => contains(text, "10.1.2.3")).toThrow(`"${text}" is no CIDR`);
  });

  it.each([undefined, null, 7, ["10.1.2.3"], {}])("%j is neither", (value) => {
    expect([isAddress(value), isCidr(value)]).toEqual([false, false]);
  });

  it("writes a network without host bits", () => {
    expect(formatNetwork(parseNetwork("fd00:1::/32"))).toBe("fd00:1::/32");
    expect(() => parseNetwork("fd00:1::5/32")).toThrow(
      '"fd00:1::5/32" has host bits set: the network is fd00:1::/32',
    );
  });
});

describe("questions about CIDRs", () => {
  it("takes a CIDR apart", () => {
    expect(addressOf("10.1.2.7/24")).toBe("10.1.2.7");
    expect(prefixOf("fd00::7/64")).toBe(64);
    expect([networkOf("10.1.2.7/23"), networkOf("fd00:1:2:3:4::7/64")]).toEqual([
      "10.1.2.0/23",
      "fd00:1:2:3::/64",
    ]);
    expect([networkAddress("10.1.2.7/24"), broadcastAddress("10.1.2.7/24")]).toEqual([
      "10.1.2.0",
      "10.1.2.255",
    ]);
    expect(broadcastAddress("fd00::/120")).toBe("fd00::ff");
    expect([familyOf("10.1.2.3"), familyOf("10.1.2.3/8"), familyOf("::1"), familyOf("::/0")]).toEqual([
      4, 4, 6, 6,
    ]);
  });

  it("counts addresses and parts", () => {
    expect([nthAddress("10.1.2.0/23", 256), nthAddress("fd00::/64", 2 ** 32)]).toEqual([
      "10.1.3.0",
      "fd00::1:0:0",
    ]);
    expect(() => nthAddress("10.1.2.0/24", 256)).toThrow("10.1.2.0/24 has no address number 256");
    expect(() => nthAddress("10.1.2.0/24", -1)).toThrow("10.1.2.0/24 has no address number -1");
    expect([nthSubnet("10.1.2.0/24", 28, 2), nthSubnet("fd00::/48", 64, 5)]).toEqual([
      "10.1.2.32/28",
      "fd00:0:0:5::/64",
    ]);
    expect(() => nthSubnet("10.1.2.0/24", 28, 16)).toThrow("10.1.2.0/24 has no /28 number 16");
    expect(() => nthSubnet("10.1.2.0/24", 23, 0)).toThrow("10.1.2.0/24 has no /23 number 0");
  });

  it("knows which addresses a subnet contains", () => {
    expect(contains("10.1.2.0/24", "10.1.2.255")).toBe(true);
    expect(contains("10.1.2.0/24", "10.1.3.1")).toBe(false);
    expect(contains("fd00::/64", "10.1.2.3")).toBe(false);
    expect(contains("fd00::/64", "fd00::7")).toBe(true);
    expect(() => contains("10.1.2.0/24", "")).toThrow('"" is no IP address');
  });

  it("knows which subnets a subnet contains", () => {
    expect(containsSubnet("10.1.2.0/24", "10.1.2.0/24")).toBe(true);
    expect(containsSubnet("10.1.2.0/24", "10.1.2.128/25")).toBe(true);
    expect(containsSubnet("10.1.2.0/24", "10.1.2.0/23")).toBe(false);
    expect(containsSubnet("10.1.2.0/24", "10.1.3.0/25")).toBe(false);
    expect(containsSubnet("::/0", "10.1.3.0/25")).toBe(false);
  });

  it("knows which networks share an address", () => {
    expect(overlaps("10.1.2.0/24", "10.1.0.0/16")).toBe(true);
    expect(overlaps("10.1.2.7/24", "10.1.2.9/32")).toBe(true);
    expect(overlaps("10.1.2.0/24", "10.1.3.0/24")).toBe(false);
    expect(overlaps("0.0.0.0/0", "::/0")).toBe(false);
  });

  it("takes what a plugin says as it is where it is no address", () => {
    expect(
      ["10.1.2.7/24", "FD00::0007/64", "FD00:0::7", "10.1.2.300/24", "", "none"].map(bareAddress),
    ).toEqual(["10.1.2.7", "fd00::7", "fd00::7", "10.1.2.300", "", "none"]);
  });
});

describe("properties, over random values", () => {
  const next = seededRandom(0x1b5ad4);
  const random = (limit: number) => Math.floor(next() * limit);
  const addresses = Array.from({ length: 500 }, () => randomAddress(random));

  it("text and value of an address are one another's inverse", () => {
    for (const address of addresses) {
      const text = formatAddress(address);
      expect(isIP(text)).toBe(address.family);
      expect(parseAddress(text)).toEqual(address);
      expect(parseAddress(text.toUpperCase())).toEqual(address);
    }
  });

  it("text and value of a network are one another's inverse, and its ends are its own", () => {
    for (const address of addresses) {
      const cidr = `${formatAddress(address)}/${random(address.family === 4 ? 33 : 129)}`;
      const network = parseNetwork(networkOf(cidr));
      expect(parseNetwork(formatNetwork(network))).toEqual(network);
      expect(contains(cidr, addressOf(cidr))).toBe(true);
      expect(contains(cidr, networkAddress(cidr)) && contains(cidr, broadcastAddress(cidr))).toBe(true);
      expect(nthAddress(cidr, sizeOf(network) - 1n)).toBe(broadcastAddress(cidr));
      expect(containsSubnet(cidr, networkOf(cidr)) && overlaps(cidr, networkOf(cidr))).toBe(true);
      const { first, last } = hostRange(network);
      expect(first <= last && first >= network.base && last < network.base + sizeOf(network)).toBe(true);
    }
  });

  it("agrees with Node's own about what a network contains", () => {
    for (const [index, address] of addresses.entries()) {
      const family = address.family === 4 ? "ipv4" : "ipv6";
      const cidr = `${formatAddress(address)}/${random(12)}`;
      const other = formatAddress(addresses[(index + 1) % addresses.length]!);
      const list = new BlockList();
      list.addSubnet(addressOf(cidr), prefixOf(cidr), family);
      const same = familyOf(other) === address.family;
      expect(contains(cidr, other), `${other} in ${cidr}`).toBe(same && list.check(other, family));
    }
  });

  it("agrees with Node's own about what an address is", () => {
    const letters = "0123456789abcdef:.";
    for (let count = 0; count < 5_000; count++) {
      const text = Array.from({ length: 1 + random(12) }, () => letters[random(letters.length)]).join("");
      expect(isAddress(text), text).toBe(isIP(text) !== 0);
    }
  });
});

/** With runs of zeros, since those are what IPv6 texts shorten. */
function randomAddress(random: (limit: number) => number): IpAddress {
  const family = random(2) === 0 ? 4 : 6;
  const groups = Array.from({ length: family === 4 ? 2 : 8 }, () => (random(2) === 0 ? 0 : random(0x10000)));
  return { family, value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n) };
}
