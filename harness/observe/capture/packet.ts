/** One 802.1Q or 802.1ad tag. */
export interface VlanTag {
  /** 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  tpid: number;
  /** VLAN id, 0–4095. */
  id: number;
  priority: number;
}

/** IPv4 (RFC 791) or IPv6 (RFC 8200) header fields. */
export interface IpHeader {
  version: 4 | 6;
  source: string;
  destination: string;
  /** Protocol number of the payload after any IPv6 extension headers: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6, 132 SCTP. */
  protocol: number;
  /** TTL or hop limit. */
  ttl: number;
  /** Bytes of the whole IP packet as its header says. */
  length: number;
  /** IPv4 identification, or that of the IPv6 fragment header; undefined for an IPv6 packet that is no fragment. */
  identification: number | undefined;
  /** The IPv4 DF bit; always true for IPv6, whose routers never fragment. */
  dontFragment: boolean;
  /** Whether it is a fragment, and where it starts in bytes. */
  fragment: { offset: number; more: boolean } | undefined;
}

/** An Ethernet frame, decoded as far as its headers go. A header that is cut off or unknown leaves its field undefined. */
export interface Frame {
  /** Lower-case MAC addresses with colons. */
  source: string;
  destination: string;
  /** Outermost first; empty when untagged. */
  vlans: VlanTag[];
  /** EtherType after all tags: 0x0800 IPv4, 0x0806 ARP, 0x86dd IPv6. */
  etherType: number;
  ip: IpHeader | undefined;
  tcp:
    | {
        sourcePort: number;
        destinationPort: number;
        /** Sequence and acknowledgement number; address translation leaves them as they are. */
        sequence: number;
        acknowledgement: number;
        syn: boolean;
        ack: boolean;
        rst: boolean;
        fin: boolean;
      }
    | undefined;
  udp: { sourcePort: number; destinationPort: number } | undefined;
  /**
   * SCTP (RFC 9260, section 3): the verification tag, by which an answer belongs to an association, and the initiate tag of a first chunk that
   * asks for one (INIT). Address translation leaves both as they are.
   */
  sctp:
    | { sourcePort: number; destinationPort: number; tag: number; initiateTag: number | undefined }
    | undefined;
  /** ICMP or ICMPv6, by `ip.protocol`. */
  icmp: { type: number; code: number } | undefined;
  /** VXLAN (RFC 7348): the network identifier and the frame inside. */
  vxlan: { vni: number; inner: Frame } | undefined;
  /** What follows the innermost header that was decoded, as far as captured; of a VXLAN packet, the inner frame's bytes. */
  payload: Buffer;
}

/** A frame as captured. */
export interface Packet extends Frame {
  /** Milliseconds since the epoch on the capturing node, with a fraction. */
  time: number;
  /** Bytes on the wire; segmentation offload can make it larger than any MTU. */
  length: number;
}

/** UDP ports on which VXLAN is looked for: IANA's and Linux' historical default. */
export const defaultVxlanPorts: readonly number[] = [4789, 8472];

/** Decodes an Ethernet frame. Never throws: what cannot be decoded stays undefined. */
export function decodeFrame(bytes: Buffer, vxlanPorts: readonly number[] = defaultVxlanPorts): Frame {
  const frame: Frame = {
    source: mac(bytes, 6),
    destination: mac(bytes, 0),
    vlans: [],
    etherType: 0,
    ip: undefined,
    tcp: undefined,
    udp: undefined,
    sctp: undefined,
    icmp: undefined,
    vxlan: undefined,
    payload: bytes.subarray(14),
  };
  let at = 12;
  while (bytes.length >= at + 4 && isTag(bytes.readUInt16BE(at))) {
    const control = bytes.readUInt16BE(at + 2);
    frame.vlans.push({ tpid: bytes.readUInt16BE(at), id: control & 0xfff, priority: control >> 13 });
    at += 4;
  }
  if (bytes.length < at + 2) return frame;
  frame.etherType = bytes.readUInt16BE(at);
  frame.payload = bytes.subarray(at + 2);
  if (frame.etherType === 0x0800) decodeIpv4(frame);
  else if (frame.etherType === 0x86dd) decodeIpv6(frame);
  if (frame.ip && !frame.ip.fragment?.offset) decodeTransport(frame, vxlanPorts);
  return frame;
}

function isTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8;
}

function decodeIpv4(frame: Frame): void {
  const bytes = frame.payload;
  if (bytes.length < 20 || bytes[0]! >> 4 !== 4) return;
  const flags = bytes.readUInt16BE(6);
  const offset = (flags & 0x1fff) * 8;
  const more = (flags & 0x2000) !== 0;
  const length = bytes.readUInt16BE(2);
  frame.ip = {
    version: 4,
    source: bytes.subarray(12, 16).join("."),
    destination: bytes.subarray(16, 20).join("."),
    protocol: bytes[9]!,
    ttl: bytes[8]!,
    length,
    identification: bytes.readUInt16BE(4),
    dontFragment: (flags & 0x4000) !== 0,
    fragment: offset > 0 || more ? { offset, more } : undefined,
  };
  // Short frames carry padding; a length of 0 is what segmentation offload leaves.
  frame.payload = bytes.subarray((bytes[0]! & 15) * 4, length || undefined);
}

/** Hop-by-hop, routing and destination options: 8-byte units after the first 8 bytes (RFC 8200, section 4). */
const extensionHeaders = new Set([0, 43, 60]);
const fragmentHeader = 44;

function decodeIpv6(frame: Frame): void {
  const bytes = frame.payload;
  if (bytes.length < 40 || bytes[0]! >> 4 !== 6) return;
  const payloadLength = bytes.readUInt16BE(4);
  const ip: IpHeader = {
    version: 6,
    source: ipv6Text(bytes.subarray(8, 24)),
    destination: ipv6Text(bytes.subarray(24, 40)),
    protocol: bytes[6]!,
    ttl: bytes[7]!,
    length: payloadLength + 40,
    identification: undefined,
    dontFragment: true,
    fragment: undefined,
  };
  let at = 40;
  while ((extensionHeaders.has(ip.protocol) || ip.protocol === fragmentHeader) && bytes.length >= at + 8) {
    if (ip.protocol === fragmentHeader) {
      const field = bytes.readUInt16BE(at + 2);
      ip.fragment = { offset: field & 0xfff8, more: (field & 1) !== 0 };
      ip.identification = bytes.readUInt32BE(at + 4);
    }
    const size = ip.protocol === fragmentHeader ? 8 : (bytes[at + 1]! + 1) * 8;
    ip.protocol = bytes[at]!;
    at += size;
  }
  frame.ip = ip;
  frame.payload = bytes.subarray(at, payloadLength ? ip.length : undefined);
}

/** The type of a chunk that asks for an association. */
const sctpInit = 1;

function decodeTransport(frame: Frame, vxlanPorts: readonly number[]): void {
  const bytes = frame.payload;
  const protocol = frame.ip!.protocol;
  if (protocol === 6 && bytes.length >= 20) {
    const flags = bytes[13]!;
    frame.tcp = {
      sourcePort: bytes.readUInt16BE(0),
      destinationPort: bytes.readUInt16BE(2),
      sequence: bytes.readUInt32BE(4),
      acknowledgement: bytes.readUInt32BE(8),
      syn: (flags & 2) !== 0,
      ack: (flags & 16) !== 0,
      rst: (flags & 4) !== 0,
      fin: (flags & 1) !== 0,
    };
    frame.payload = bytes.subarray((bytes[12]! >> 4) * 4);
  } else if (protocol === 17 && bytes.length >= 8) {
    frame.udp = { sourcePort: bytes.readUInt16BE(0), destinationPort: bytes.readUInt16BE(2) };
    frame.payload = bytes.subarray(8);
    decodeVxlan(frame, vxlanPorts);
  } else if (protocol === 132 && bytes.length >= 12) {
    frame.sctp = {
      sourcePort: bytes.readUInt16BE(0),
      destinationPort: bytes.readUInt16BE(2),
      tag: bytes.readUInt32BE(4),
      initiateTag: bytes.length >= 20 && bytes[12] === sctpInit ? bytes.readUInt32BE(16) : undefined,
    };
    frame.payload = bytes.subarray(12);
  } else if ((protocol === 1 || protocol === 58) && bytes.length >= 8) {
    frame.icmp = { type: bytes[0]!, code: bytes[1]! };
    frame.payload = bytes.subarray(8);
  }
}

function decodeVxlan(frame: Frame, vxlanPorts: readonly number[]): void {
  const bytes = frame.payload;
  const carriesVni = bytes.length >= 8 + 14 && (bytes[0]! & 0x08) !== 0;
  if (!carriesVni || !vxlanPorts.includes(frame.udp!.destinationPort)) return;
  frame.payload = bytes.subarray(8);
  frame.vxlan = { vni: bytes.readUIntBE(4, 3), inner: decodeFrame(frame.payload, vxlanPorts) };
}

function mac(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** RFC 5952 text, by the URL parser of the platform. */
function ipv6Text(bytes: Buffer): string {
  return new URL(`http://[${bytes.toString("hex").match(/..../g)!.join(":")}]`).hostname.slice(1, -1);
}

const protocolNames: Record<number, string> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp" };

/** One line for people, e.g. `10.0.0.1:40001 > 10.0.0.2:4789 udp, vxlan vni 4097 { 10.1.1.2 > 10.1.1.3 icmp type 8 }`. */
export function describeFrame(frame: Frame): string {
  const tags = frame.vlans.map((tag) => `vlan ${tag.id} `).join("");
  const { ip } = frame;
  if (!ip)
    return `${frame.source} > ${frame.destination} ${tags}ethertype 0x${frame.etherType.toString(16).padStart(4, "0")}`;
  const ports = frame.tcp ?? frame.udp ?? frame.sctp;
  const from = ports ? `${ip.source}:${ports.sourcePort}` : ip.source;
  const to = ports ? `${ip.destination}:${ports.destinationPort}` : ip.destination;
  const icmp = frame.icmp ? ` type ${frame.icmp.type}` : "";
  const vxlan = frame.vxlan ? `, vxlan vni ${frame.vxlan.vni} { ${describeFrame(frame.vxlan.inner)} }` : "";
  return `${tags}${from} > ${to} ${protocolNames[ip.protocol] ?? `protocol ${ip.protocol}`}${icmp}${vxlan}`;
}

/** Whether the text stands in what follows the frame's innermost header, or that of any frame inside. */
export function carries(frame: Frame, marker: string): boolean {
  return frame.payload.includes(marker);
}
