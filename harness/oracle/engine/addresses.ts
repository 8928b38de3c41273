import { type IpNetwork, isCidr, networkContains, parseAddress, parseCidr } from "#harness/core/ip.ts";

const read = new Map<string, IpNetwork>();

/**
 * Whether an address is the other one, or lies in it where that is a CIDR; both IPv4 or both IPv6. Throws `InvalidAddress`. What was read
 * is kept: a table asks for the same few addresses thousands of times.
 */
export function isIn(place: string, address: string): boolean {
  const { family, base } = placeOf(address);
  return networkContains(placeOf(place), { family, value: base });
}

function placeOf(text: string): IpNetwork {
  const known = read.get(text);
  if (known) return known;
  const place = isCidr(text) ? parseCidr(text).network : single(text);
  read.set(text, place);
  return place;
}

function single(text: string): IpNetwork {
  const { family, value } = parseAddress(text);
  return { family, base: value, prefix: family === 4 ? 32 : 128 };
}
