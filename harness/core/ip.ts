import { Address4, Address6 } from "ip-address";
import { HarnessError } from "./errors.ts";

/** An IPv4 or IPv6 address without prefix length. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** An IPv4 or IPv6 network. `base` has no host bits set. */
export interface IpNetwork {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

/**
 * A text that is no address, or no CIDR, or not the kind of CIDR that was needed. The message names the text.
 */
export class InvalidAddress extends HarnessError {
  override name = "InvalidAddress";
}

/** Bits of an address. */
const width = { 4: 32, 6: 128 } as const;

/** Whether the text is an IPv4 or IPv6 address without prefix length and without zone. */
export function isAddress(text: unknown): text is string {
  const read = parse(text);
  return read !== undefined && !read.hasPrefix;
}

/** Whether the text is an address with a prefix length, such as `10.1.2.7/24`; host bits may be set. */
export function isCidr(text: unknown): text is string {
  return parse(text)?.hasPrefix ?? false;
}

/** Reads an address without prefix length. Throws `InvalidAddress`. */
export function parseAddress(text: string): IpAddress {
  const read = parse(text);
  if (!read || read.hasPrefix) throw new InvalidAddress(`"${text}" is no IP address`);
  return read.address;
}

/** Canonical text: dotted IPv4, IPv6 as of RFC 5952. */
export function formatAddress({ family, value }: IpAddress): string {
  return (family === 4 ? Address4 : Address6).fromBigInt(value).correctForm();
}

/** Reads an address with prefix length, host bits allowed, e.g. `10.1.2.7/24`. Throws `InvalidAddress`. */
export function parseCidr(text: string): { address: IpAddress; network: IpNetwork } {
  const read = parse(text);
  if (!read?.hasPrefix) {
    throw new InvalidAddress(
      `"${text}" is no CIDR: expected an address and a prefix length such as 10.1.2.0/24`,
    );
  }
  return read;
}

/** Reads a network. Throws `InvalidAddress` when the text is no CIDR or has host bits set. */
export function parseNetwork(text: string): IpNetwork {
  const { address, network } = parseCidr(text);
  if (address.value !== network.base) {
    throw new InvalidAddress(`"${text}" has host bits set: the network is ${formatNetwork(network)}`);
  }
  return network;
}

export function formatNetwork({ family, base, prefix }: IpNetwork): string {
  return `${formatAddress({ family, value: base })}/${prefix}`;
}

/** Number of addresses in the network, network and broadcast address included. */
export function sizeOf({ family, prefix }: IpNetwork): bigint {
  return 1n << BigInt(width[family] - prefix);
}

/** Whether the address lies in the network. */
export function networkContains(network: IpNetwork, { family, value }: IpAddress): boolean {
  return family === network.family && value >= network.base && value < network.base + sizeOf(network);
}

/** Whether two networks share an address. */
export function networksOverlap(one: IpNetwork, other: IpNetwork): boolean {
  const [small, large] = one.prefix > other.prefix ? [one, other] : [other, one];
  return networkContains(large, { family: small.family, value: small.base });
}

/**
 * First and last address that a host may have: not the IPv4 network or broadcast address, not the IPv6
 * subnet-router anycast address (RFC 4291, section 2.6.1). All addresses of a network of one or two (RFC
 * 3021, RFC 6164).
 */
export function hostRange(network: IpNetwork): { first: bigint; last: bigint } {
  const { family, base } = network;
  const last = base + sizeOf(network) - 1n;
  if (sizeOf(network) <= 2n) return { first: base, last };
  return { first: base + 1n, last: family === 4 ? last - 1n : last };
}

// Questions about addresses and CIDRs as texts. All of them take IPv4 and IPv6 and throw `InvalidAddress`,
// which names the text, unless they say otherwise. Addresses in results are in canonical form.

/** The address of a CIDR, without its prefix length: `10.1.2.7` of `10.1.2.7/24`. */
export function addressOf(cidr: string): string {
  return formatAddress(parseCidr(cidr).address);
}

/** The prefix length of a CIDR: 24 of `10.1.2.7/24`. */
export function prefixOf(cidr: string): number {
  return parseCidr(cidr).network.prefix;
}

/** The IP version of an address or a CIDR. */
export function familyOf(text: string): 4 | 6 {
  return (isAddress(text) ? parseAddress(text) : parseCidr(text).address).family;
}

/** The network that a CIDR's address is in: `10.1.2.0/24` of `10.1.2.7/24`. */
export function networkOf(cidr: string): string {
  return formatNetwork(parseCidr(cidr).network);
}

/** The network address of a CIDR: `10.1.2.0` of `10.1.2.7/24`. */
export function networkAddress(cidr: string): string {
  return nthAddress(cidr, 0);
}

/**
 * The last address of a CIDR's network, which for IPv4 is the broadcast address: `10.1.2.255` of
 * `10.1.2.7/24`.
 */
export function broadcastAddress(cidr: string): string {
  const { family, ...network } = parseCidr(cidr).network;
  return formatAddress({ family, value: network.base + sizeOf({ family, ...network }) - 1n });
}

/**
 * The address `index` after the network address: `10.1.2.5` for 5 in `10.1.2.0/24`. Throws outside of the
 * network.
 */
export function nthAddress(cidr: string, index: number | bigint): string {
  const { network } = parseCidr(cidr);
  const address = { family: network.family, value: network.base + BigInt(index) };
  if (!networkContains(network, address)) throw new InvalidAddress(`${cidr} has no address number ${index}`);
  return formatAddress(address);
}

/**
 * Part number `index` of a network, when it is cut into networks of `prefix`: `10.1.2.32/28` for 2 in
 * `10.1.2.0/24`.
 */
export function nthSubnet(cidr: string, prefix: number, index: number): string {
  const { network } = parseCidr(cidr);
  const part: IpNetwork = { ...network, prefix };
  const base = network.base + BigInt(index) * sizeOf(part);
  if (prefix < network.prefix || !networkContains(network, { family: network.family, value: base })) {
    throw new InvalidAddress(`${cidr} has no /${prefix} number ${index}`);
  }
  return formatNetwork({ ...part, base });
}

/**
 * Whether an address (without prefix) lies in a CIDR's network. False where one is IPv4 and the other IPv6.
 */
export function contains(cidr: string, address: string): boolean {
  return networkContains(parseCidr(cidr).network, parseAddress(address));
}

/** Whether a network lies wholly in another. */
export function containsSubnet(outer: string, inner: string): boolean {
  const [whole, part] = [parseCidr(outer).network, parseNetwork(inner)];
  return part.prefix >= whole.prefix && networksOverlap(whole, part);
}

/** Whether the networks of two CIDRs share an address. */
export function overlaps(one: string, other: string): boolean {
  return networksOverlap(parseCidr(one).network, parseCidr(other).network);
}

/**
 * What a plugin gave as an address, without a prefix length where it has one, in canonical form. Never
 * throws: a text that is no address comes back without what follows its first slash.
 */
export function bareAddress(text: string): string {
  const read = parse(text);
  return read ? formatAddress(read.address) : text.replace(/\/.*$/s, "");
}

function parse(text: unknown): { address: IpAddress; network: IpNetwork; hasPrefix: boolean } | undefined {
  if (typeof text !== "string" || text.includes("%")) return undefined;
  const family = text.includes(":") ? 6 : 4;
  const Reader = family === 4 ? Address4 : Address6;
  if (!Reader.isValid(text)) return undefined;
  const read = new Reader(text);
  return {
    address: { family, value: read.bigInt() },
    network: { family, base: read.startAddress().bigInt(), prefix: read.subnetMask },
    hasPrefix: read.parsedSubnet !== "",
  };
}
