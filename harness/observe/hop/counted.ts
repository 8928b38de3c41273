import type { Frame } from "#harness/observe/capture/packet.ts";
import type { PlacedVerdict } from "./describe.ts";
import type { Path, Seen, Sight } from "./follow.ts";
import type { Place } from "./places.ts";
import type { WatchedCount } from "./watcher.ts";

/** What a rule has counted, and in which namespace. */
export interface PlacedCount extends WatchedCount {
  readonly place: Place;
}

/**
 * What rules did to the packets of a probe by what they counted, where no trace tells it: one that drops, which counted exactly what was
 * last seen of the probe or of its answer; and those of the table `filter` that accept, which counted exactly what was seen of the probe
 * somewhere. Where several would do, or one counted more than that, nothing is said.
 */
export function verdictsByCounts(
  { requests, answers }: Path,
  packets: readonly Seen[],
  counts: readonly PlacedCount[],
): PlacedVerdict[] {
  if (counts.length === 0) return [];
  const drops = [requests.at(-1), answers.at(-1)].map((sight) =>
    verdictAt(
      sight,
      packets,
      counts.filter(({ verdict }) => verdict === "drop"),
    ),
  );
  const accepting = counts.filter(({ verdict, table }) => verdict === "accept" && table === "filter");
  const accepts = requests.map((sight) => verdictAt(sight, packets, accepting));
  return [...accepts, ...drops].filter((one) => one !== undefined);
}

/** The one count on that host that is of what was seen there. */
function verdictAt(
  sight: Sight | undefined,
  packets: readonly Seen[],
  counts: readonly PlacedCount[],
): PlacedVerdict | undefined {
  if (!sight) return undefined;
  const sumsBy = (time: number) =>
    sumsAt(
      sight,
      packets.filter(({ packet }) => packet.time <= time),
    );
  const found = counts.filter(
    ({ place, packets: number, bytes, read }) =>
      isJudgedAt(sight, place) &&
      momentsOf(read, packets)
        .flatMap(sumsBy)
        .some((sum) => sum.packets === number && sum.bytes === bytes),
  );
  const rules = found.filter(({ handle }) => handle !== null);
  const [count, ...others] = rules.length > 0 ? rules : found;
  if (!count || others.length > 0) return undefined;
  const { packets: _packets, bytes: _bytes, read: _read, ...decision } = count;
  return { ...decision, headers: [{ frame: sight.packet, sent: sight.outgoing }] };
}

/** The moments at which a counter may have been read, between which no packet was seen: the first, and those of the packets until the last. */
function momentsOf({ from, to }: WatchedCount["read"], packets: readonly Seen[]): number[] {
  const between = packets.map(({ packet }) => packet.time).filter((time) => time > from && time <= to);
  return [from, ...new Set(between)];
}

/** Whether rules there judge what was seen: what has come into a namespace is judged in it, what leaves it by others of its host as well. */
function isJudgedAt({ place: seen, outgoing }: Sight, place: Place): boolean {
  return outgoing ? place.host.name === seen.host.name : place === seen;
}

/** What a rule may have counted that saw the packet there, alone or with others. */
function sumsAt(sight: Sight, packets: readonly Seen[]): Pick<WatchedCount, "packets" | "bytes">[] {
  const { place, link, outgoing, packet } = sight;
  const [, port = ""] = portsOf(packet);
  const here = packets.filter((one) => one.place === place);
  const passed = here.filter((one) => one.link === link && one.outgoing === outgoing);
  const arrived = here.filter((one) => !one.outgoing);
  return [
    passed.filter((one) => textOf(one.packet) === textOf(packet)),
    passed.filter((one) => flowOf(one.packet) === flowOf(packet)),
    // A rule for a port counts what others send there too, as all that a tunnel carries.
    passed.filter((one) => portsOf(one.packet)[1] === port),
    arrived.filter((one) => portsOf(one.packet)[1] === port),
    // A rule that accepts counts what is answered too, where it is for both directions.
    here.filter((one) => portsOf(one.packet).includes(port)),
  ].map(sumOf);
}

/** Of each packet once, although several interfaces of a bridge see it. */
function sumOf(seen: readonly Seen[]): Pick<WatchedCount, "packets" | "bytes"> {
  const alike = new Map<string, { length: number; links: Map<string, number> }>();
  for (const { packet, link, outgoing } of seen) {
    const text = textOf(packet);
    const { links } = alike.get(text) ?? { links: new Map<string, number>() };
    const where = `${link} ${outgoing}`;
    links.set(where, (links.get(where) ?? 0) + 1);
    alike.set(text, { length: packet.ip?.length ?? 0, links });
  }
  let [packets, bytes] = [0, 0];
  for (const { length, links } of alike.values()) {
    const times = Math.max(...links.values());
    packets += times;
    bytes += times * length;
  }
  return { packets, bytes };
}

/** What tells one packet from another. */
function textOf(packet: Frame): string {
  const { ip, tcp, icmp, payload } = packet;
  const flags = [tcp?.syn, tcp?.ack, tcp?.fin, tcp?.rst, tcp?.sequence, tcp?.acknowledgement];
  const header = [flowOf(packet), ip?.identification, ip?.length, icmp?.type, ...flags];
  return `${header.join(" ")} ${payload.toString("hex")}`;
}

function flowOf({ ip, tcp, udp, sctp }: Frame): string {
  const ports = tcp ?? udp ?? sctp;
  return `${ip?.source} ${ip?.destination} ${ip?.protocol} ${ports?.sourcePort} ${ports?.destinationPort}`;
}

/** From which port to which, with the protocol, e.g. `17 4789`; without ports, the protocol alone. */
function portsOf({ ip, tcp, udp, sctp }: Frame): string[] {
  const ports = tcp ?? udp ?? sctp;
  return [ports?.sourcePort, ports?.destinationPort].map((port) => `${ip?.protocol} ${port ?? ""}`);
}
