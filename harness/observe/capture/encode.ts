import { parseAddress } from "#harness/core/ip.ts";

/** An IPv4 UDP datagram in an Ethernet frame, as the one who forges it wants it. */
export interface ForgedFrame {
  /** MAC addresses with colons. */
  source: string;
  destination: string;
  /** IPv4 addresses without prefix. */
  from: string;
  to: string;
  port: number;
  /** What it carries, one byte a character (latin1). */
  payload: string;
}

/** The Ethernet frame of a UDP datagram (RFC 791, RFC 768); without a UDP checksum, which IPv4 allows. */
export function encodeFrame({ source, destination, from, to, port, payload }: ForgedFrame): Buffer {
  const udp = Buffer.alloc(8 + payload.length);
  udp.writeUInt16BE(port, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(udp.length, 4);
  udp.write(payload, 8, "latin1");
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(ip.length + udp.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(17, 9);
  ip.writeUInt32BE(Number(parseAddress(from).value), 12);
  ip.writeUInt32BE(Number(parseAddress(to).value), 16);
  ip.writeUInt16BE(checksumOf(ip), 10);
  return Buffer.concat([macOf(destination), macOf(source), Buffer.of(0x08, 0x00), ip, udp]);
}

/** What a UDP datagram carries that is VXLAN (RFC 7348, section 5). */
export function encodeVxlan(vni: number, inner: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x08, 0);
  header.writeUIntBE(vni, 4, 3);
  return Buffer.concat([header, inner]);
}

function macOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

/** The internet checksum (RFC 1071) of a header whose own field is 0. */
function checksumOf(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
