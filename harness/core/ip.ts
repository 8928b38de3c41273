import { BlockList } from "node:net";

let next = 0;

/**
 * A fresh /24 below 10.128.0.0/12, different on every call in this process: tests that run at the same time
 * on one cluster must not fight over a subnet. Clear of the tutorial's 10.1.x and of the nodes' own networks.
 */
export function freshSubnet(): string {
  const number = next++ % 4096;
  return `10.${128 + (number >> 8)}.${number & 255}.0/24`;
}

/** Whether an IPv4 address lies in an IPv4 CIDR; an IPv6 CIDR contains none. */
export function contains(cidr: string, address: string): boolean {
  const [network = "", prefix = "32"] = cidr.split("/");
  if (network.includes(":") || address.includes(":")) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), "ipv4");
  return list.check(address, "ipv4");
}

/** Whether an IPv4 CIDR lies wholly in another. */
export function containsSubnet(outer: string, inner: string): boolean {
  const [address = "", prefix = "32"] = inner.split("/");
  return Number(prefix) >= Number(outer.split("/")[1]) && contains(outer, address);
}
