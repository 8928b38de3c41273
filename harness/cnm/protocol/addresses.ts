import { BlockList, isIP, SocketAddress } from "node:net";
import { cidr } from "./protocol.ts";

/** An address with its prefix length. */
export interface Prefixed {
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
}

/** Reads a CIDR such as `10.1.0.7/24`; `undefined` when it is none. */
export function readCidr(text: unknown): Prefixed | undefined {
  if (!cidr.safeParse(text).success) return undefined;
  const [address = "", prefix] = String(text).split("/");
  return { address: normal(address), prefix: Number(prefix), family: isIP(address) === 6 ? 6 : 4 };
}

/** Whether `address` (no prefix) lies in the CIDR `pool`. False when either does not parse. */
export function contains(pool: string, address: string): boolean {
  const network = readCidr(pool);
  if (!network || isIP(address) !== network.family) return false;
  const block = new BlockList();
  const family = network.family === 6 ? "ipv6" : "ipv4";
  block.addSubnet(network.address, network.prefix, family);
  return block.check(address, family);
}

/** Whether two CIDRs share an address. */
export function overlap(one: string, other: string): boolean {
  const [first, second] = [readCidr(one), readCidr(other)];
  return (
    first !== undefined &&
    second !== undefined &&
    (contains(one, second.address) || contains(other, first.address))
  );
}

/** The address without its prefix length, where it has one, in its shortest form. */
export function bare(text: string): string {
  return normal(text.split("/")[0] ?? "");
}

/** The `index`th address of an IPv4 pool, counted from its network address, without prefix. */
export function nthAddress(pool: string, index: number): string {
  const bytes = (pool.split("/")[0] ?? "").split(".").map(Number);
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0) + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

function normal(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: "ipv6" }).address : address;
}
