import { isIPv4, isIPv6 } from "node:net";
import { Refusal } from "./refusal.ts";

/** An IPv4 or IPv6 network. `base` has no host bits set. */
export interface Subnet {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const width = { 4: 32, 6: 128 } as const;

/** Reads an address without prefix. Throws `Refusal` naming `text`. */
export function parseAddress(text: string): Address {
  if (isIPv4(text)) {
    return { family: 4, value: text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
  }
  if (isIPv6(text) && !text.includes("%")) return { family: 6, value: parseIPv6(text) };
  throw new Refusal(`"${text}" is no IP address`);
}

/** Canonical text: dotted IPv4, RFC 5952 IPv6. */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  ).join(":");
  const longest = [...groups.matchAll(/\b0(?::0)+\b/g)]
    .map(([zeros]) => zeros)
    .reduce((best, zeros) => (zeros.length > best.length ? zeros : best), "");
  return longest ? groups.replace(longest, "::").replace(/:{3,}/, "::") : groups;
}

/** Reads an address with prefix length, host bits allowed, e.g. `10.1.2.7/24`. Throws `Refusal` naming `text`. */
export function parseInterfaceAddress(text: string): { address: Address; subnet: Subnet } {
  const [, host, length] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (host === undefined || !(isIPv4(host) || isIPv6(host)) || Number(length) > width[isIPv4(host) ? 4 : 6]) {
    throw new Refusal(`"${text}" is no CIDR: expected an address and a prefix length such as 10.1.2.0/24`);
  }
  const address = parseAddress(host);
  const hostBits = BigInt(width[address.family] - Number(length));
  return {
    address,
    subnet: {
      family: address.family,
      base: (address.value >> hostBits) << hostBits,
      prefix: Number(length),
    },
  };
}

/** Reads a network. Throws `Refusal` when it is no CIDR or has host bits set. */
export function parseSubnet(text: string): Subnet {
  const { address, subnet } = parseInterfaceAddress(text);
  if (address.value !== subnet.base) {
    throw new Refusal(`"${text}" has host bits set: the network is ${formatSubnet(subnet)}`);
  }
  return subnet;
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress({ family: subnet.family, value: subnet.base })}/${subnet.prefix}`;
}

/** Number of addresses in the network, network and broadcast address included. */
export function sizeOf(subnet: Subnet): bigint {
  return 1n << BigInt(width[subnet.family] - subnet.prefix);
}

export function contains(subnet: Subnet, address: Address): boolean {
  return (
    address.family === subnet.family &&
    address.value >= subnet.base &&
    address.value < subnet.base + sizeOf(subnet)
  );
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return (
    one.family === other.family &&
    one.base < other.base + sizeOf(other) &&
    other.base < one.base + sizeOf(one)
  );
}

/** First and last address that a host may have: no IPv4 network or broadcast address, no IPv6 subnet-router anycast. */
export function hostRange(subnet: Subnet): { first: bigint; last: bigint } {
  const end = subnet.base + sizeOf(subnet) - 1n;
  if (sizeOf(subnet) <= 2n) return { first: subnet.base, last: end };
  return { first: subnet.base + 1n, last: subnet.family === 4 ? end - 1n : end };
}

function parseIPv6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const low = parseAddress(dotted[2]!).value;
    return parseIPv6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const [head = "", tail] = text.split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const middle = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...middle, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
