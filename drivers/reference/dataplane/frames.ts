import { parseAddress } from "#harness/core/ip.ts";

/** A gratuitous ARP request in hex: tells switches and neighbours where an address is now. */
export function gratuitousArp(mac: string, ipv4: string): string {
  const sender = mac.replaceAll(":", "");
  const address = hexOf(ipv4);
  const ethernet = `ffffffffffff${sender}0806`;
  const arp = `0001080006040001${sender}${address}000000000000${address}`;
  return `${ethernet}${arp}`;
}

/**
 * An unsolicited neighbour advertisement in hex, to all nodes of the link and with the override flag: neighbours that know another
 * MAC of the IPv6 address take this one at once. Source: RFC 4861, sections 4.4 and 7.2.6.
 */
export function unsolicitedAdvertisement(mac: string, ipv6: string): string {
  const sender = mac.replaceAll(":", "");
  const address = hexOf(ipv6);
  const flags = "20000000";
  const body = `${flags}${address}0201${sender}`;
  const length = 4 + body.length / 2;
  const pseudo = `${address}${allNodes}${hex(length, 4)}${hex(icmpv6, 4)}`;
  const sum = checksum(`${pseudo}88000000${body}`);
  const ethernet = `${allNodesMac}${sender}86dd`;
  // Neighbours ignore one that may have passed a router.
  const header = `60000000${hex(length, 2)}${hex(icmpv6, 1)}${hex(255, 1)}${address}${allNodes}`;
  return `${ethernet}${header}8800${hex(sum, 2)}${body}`;
}

const icmpv6 = 58;
const allNodes = hexOf("ff02::1");
const allNodesMac = "333300000001";

function hexOf(address: string): string {
  const { family, value } = parseAddress(address);
  return value.toString(16).padStart(family === 4 ? 8 : 32, "0");
}

function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, "0");
}

/** Of an even number of bytes in hex. Source: RFC 1071. */
function checksum(bytes: string): number {
  const words = bytes.match(/.{4}/g) ?? [];
  const sum = words.reduce((before, word) => before + Number.parseInt(word, 16), 0);
  const folded = (sum & 0xffff) + (sum >>> 16);
  return ~((folded & 0xffff) + (folded >>> 16)) & 0xffff;
}
