import { parseAddress } from "#harness/core/ip.ts";

/** A gratuitous ARP request in hex: tells switches and neighbours where an address is now. */
export function gratuitousArp(mac: string, ipv4: string): string {
  const sender = mac.replaceAll(":", "");
  const address = parseAddress(ipv4).value.toString(16).padStart(8, "0");
  const ethernet = `ffffffffffff${sender}0806`;
  const arp = `0001080006040001${sender}${address}000000000000${address}`;
  return `${ethernet}${arp}`;
}
