import { formatAddress } from "#harness/core/ip.ts";
import type { Transport } from "#harness/host/agent/reach.ts";
import { carries, type Frame } from "#harness/observe/capture/packet.ts";
import { addressesIn, hasOnLink, type Place } from "./places.ts";
import type { WatchedPacket } from "./watcher.ts";

/** What a probe sends, as far as its packets tell it from others. */
export interface Question {
  readonly protocol: "icmp" | Transport;
  /** The address that is asked; absent: any but loopback. */
  readonly address?: string;
  /** The port that is asked, and the server's own where that differs; none for ICMP. */
  readonly ports: readonly number[];
  /** A text that the packets carry, where they carry any. */
  readonly marker?: string | undefined;
}

/** A packet where it was seen. */
export interface Seen extends WatchedPacket {
  readonly place: Place;
}

/** A packet of the probe where it was seen; `frame` is the packet itself, or what a tunnel carries in it. */
export interface Sight extends Seen {
  readonly frame: Frame;
}

/** Where the packets of a probe were seen, in the order in which they got there. */
export interface Path {
  readonly requests: readonly Sight[];
  readonly answers: readonly Sight[];
  /**
   * Where nothing of it left, or it arrived and no answer left: requests for the neighbour that should have taken that (ARP, or IPv6's
   * neighbour solicitation).
   */
  readonly arp: readonly Sight[];
  /** Answers to these. */
  readonly told: readonly Sight[];
}

/** The path of the first packet that the client sent as the question says, and of the answer to it. */
export function follow(question: Question, seen: readonly Seen[]): Path {
  const all = sightsOf(seen);
  const addresses = all.flatMap(({ place }) => (place.isTarget ? addressesIn(place) : []));
  const { address, marker } = question;
  const asks = asksFor(question, address === undefined ? undefined : new Set([address, ...addresses]));
  const sent = all.filter(({ place, frame }) => place.isClient && asks(frame));
  const first = sent.find(({ frame }) => marker && carries(frame, marker)) ?? sent[0];
  const requests = first
    ? inOrder(
        all.filter(({ frame }) => isSame(first.frame, frame)),
        clientFirst,
      )
    : [];
  const answers = first ? all.filter(({ frame }) => answersTo(first.frame, requests, frame)) : [];
  const ends: Pick<Path, "requests" | "answers"> = {
    requests,
    answers: inOrder(answers, targetFirst),
  };
  return { ...ends, ...neighbourOf(all, ends, address) };
}

/** Sights of what was sent, but for what a bridge in hairpin mode floods back to the interface that had sent it. */
function sightsOf(seen: readonly Seen[]): Sight[] {
  const senderOf = ({ place, link, packet }: Seen) =>
    `${place.host.name} ${place.path} ${link} ${packet.source}`;
  const isEnd = ({ place, link }: Seen) =>
    place.links.some(({ name, addresses }) => name === link && addresses.length > 0);
  const senders = new Set(seen.filter((one) => one.outgoing && isEnd(one)).map(senderOf));
  return seen
    .filter((one) => one.outgoing || !isEnd(one) || !senders.has(senderOf(one)))
    .map((one) => ({ ...one, frame: one.packet.vxlan?.inner ?? one.packet }));
}

type Matches = (frame: Frame) => boolean;

function asksFor({ protocol, ports }: Question, addresses: ReadonlySet<string> | undefined): Matches {
  return ({ ip, icmp, tcp, udp, sctp }) => {
    if (!ip || !(addresses?.has(ip.destination) ?? !isLoopback(ip.destination))) return false;
    if (protocol === "icmp") return icmp?.type === echoRequest[ip.version];
    if (protocol === "tcp") return Boolean(tcp?.syn && !tcp.ack && ports.includes(tcp.destinationPort));
    if (protocol === "sctp") return sctp?.initiateTag !== undefined && ports.includes(sctp.destinationPort);
    return udp !== undefined && ports.includes(udp.destinationPort);
  };
}

/**
 * The first question to that port on the loopback of another namespace than the client's, as an engine asks a resolver of its own node. Others
 * ask there too: it must carry the marker.
 */
export function askedOnLoopback(
  { ports, marker = "" }: Pick<Question, "ports" | "marker">,
  seen: readonly Seen[],
): Seen | undefined {
  return seen.find(
    ({ place, packet }) =>
      !place.isClient &&
      isLoopback(packet.ip?.destination ?? "") &&
      ports.includes(packet.udp?.destinationPort ?? 0) &&
      carries(packet, marker),
  );
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

const echoRequest = { 4: 8, 6: 128 };
const echoReply = { 4: 0, 6: 129 };

/** Whether both are the same packet, by what address translation leaves as it is. */
function isSame(one: Frame, { ip, icmp, tcp, udp, sctp, payload }: Frame): boolean {
  if (!ip || ip.version !== one.ip?.version) return false;
  if (one.tcp) return Boolean(tcp?.syn && !tcp.ack && tcp.sequence === one.tcp.sequence);
  if (one.sctp) return sctp?.initiateTag === one.sctp.initiateTag;
  if (one.icmp) return icmp?.type === one.icmp.type && isAlike(payload, one.payload);
  return Boolean(udp && one.udp && isAlike(payload, one.payload));
}

/** Whether two payloads begin alike: of a tunnel's packet less was kept. */
function isAlike(one: Buffer, other: Buffer): boolean {
  const bytes = Math.min(one.length, other.length);
  return (
    one.subarray(0, bytes).equals(other.subarray(0, bytes)) && (bytes > 0 || one.length === other.length)
  );
}

/** Whether a frame is the answer to what `one` asked, which was seen as `requests` on its way. */
function answersTo(
  one: Frame,
  requests: readonly Sight[],
  { ip, icmp, tcp, udp, sctp, payload }: Frame,
): boolean {
  if (!ip) return false;
  if (one.tcp) {
    const next = (one.tcp.sequence + 1) >>> 0;
    return Boolean(tcp?.ack && (tcp.syn || tcp.rst) && tcp.acknowledgement === next);
  }
  if (one.sctp) return sctp?.initiateTag === undefined && sctp?.tag === one.sctp.initiateTag;
  if (one.icmp) return icmp?.type === echoReply[ip.version] && isAlike(payload, one.payload);
  return requests.some(
    ({ frame }) =>
      udp?.sourcePort === frame.udp?.destinationPort &&
      udp?.destinationPort === frame.udp?.sourcePort &&
      ip.source === frame.ip?.destination &&
      ip.destination === frame.ip?.source,
  );
}

/**
 * What is asked of neighbours by the end that sent nothing, and what they tell it: for the address itself where that is on a link of that
 * end's, else by the client for any, as for its router. Of a server nobody knows that it would have answered.
 */
function neighbourOf(
  all: readonly Sight[],
  { requests, answers }: Pick<Path, "requests" | "answers">,
  address: string | undefined,
): Pick<Path, "arp" | "told"> {
  const last = requests.at(-1);
  if (answers.length > 0 || (last && !last.place.isTarget)) return { arp: [], told: [] };
  const isEnd = ({ place }: Seen) => (last ? place === last.place : place.isClient);
  const asked = last ? last.frame.ip?.source : address;
  const places = all.flatMap((sight) => (isEnd(sight) ? [sight.place] : []));
  const own = new Set(places.flatMap(addressesIn));
  const isNear = asked !== undefined && places.some((place) => hasOnLink(place, asked));
  if (last && !isNear) return { arp: [], told: [] };
  const isMeant = (found: { by: string; of: string } | undefined) =>
    found !== undefined && own.has(found.by) && (!isNear || found.of === asked);
  const [near, far] = last ? [targetFirst, clientFirst] : [clientFirst, targetFirst];
  return {
    arp: inOrder(
      all.filter(({ frame }) => isMeant(askForMac(frame))),
      near,
    ),
    told: inOrder(
      all.filter(({ frame }) => isMeant(tellsMac(frame))),
      far,
    ),
  };
}

const neighbourSolicitation = 135;
const neighbourAdvertisement = 136;
const arpEtherType = 0x0806;

/** Who asks for whose MAC, where a frame does (ARP, RFC 826; RFC 4861, section 4.3). */
export function askForMac(frame: Frame): { by: string; of: string } | undefined {
  const { ip } = frame;
  const arp = arpOf(frame, 1);
  if (arp) return { by: arp.sender, of: arp.target };
  const of = discovered(frame, neighbourSolicitation);
  return ip && of !== undefined ? { by: ip.source, of } : undefined;
}

/** By whom that was asked which is told the MAC of whom, where a frame does (ARP, RFC 826; RFC 4861, section 4.4). */
function tellsMac(frame: Frame): { by: string; of: string } | undefined {
  const { ip } = frame;
  const arp = arpOf(frame, 2);
  if (arp) return { by: arp.target, of: arp.sender };
  const of = discovered(frame, neighbourAdvertisement);
  return ip && of !== undefined ? { by: ip.destination, of } : undefined;
}

function arpOf({ etherType, payload }: Frame, operation: number) {
  if (etherType !== arpEtherType || payload.length < 28 || payload.readUInt16BE(6) !== operation)
    return undefined;
  return { sender: payload.subarray(14, 18).join("."), target: payload.subarray(24, 28).join(".") };
}

function discovered({ ip, icmp, payload }: Frame, type: number): string | undefined {
  if (ip?.version !== 6 || icmp?.type !== type || payload.length < 16) return undefined;
  return formatAddress({ family: 6, value: BigInt(`0x${payload.toString("hex", 0, 16)}`) });
}

const clientFirst = ({ place }: Seen) => (place.isClient ? place.host.name : undefined);
const targetFirst = ({ place }: Seen) => (place.isTarget ? place.host.name : undefined);

/**
 * In the order of time; hosts one after the other, since their clocks may differ. That where the packets begin comes first.
 */
function inOrder(sights: readonly Sight[], begin: (seen: Seen) => string | undefined): Sight[] {
  const first = sights.map(begin).find((host) => host !== undefined);
  const rank = ({ place }: Seen) => (first === undefined || place.host.name === first ? 0 : 1);
  return [...sights].sort((a, b) => rank(a) - rank(b) || a.packet.time - b.packet.time);
}
