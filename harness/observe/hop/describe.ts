import { defaultVxlanPorts, type Frame } from "#harness/observe/capture/packet.ts";
import { askForMac, type Path, type Sight } from "./follow.ts";
import { addressesIn, type Place } from "./places.ts";
import type { WatchedVerdict } from "./watcher.ts";

/** What a rule did to a packet, and in which namespace. */
export interface PlacedVerdict extends WatchedVerdict {
  readonly place: Place;
}

/** Where a probe was lost. */
export interface Hop {
  /** The last interface that saw it or its answer, in words; `undefined` where nothing of it was seen. */
  readonly seen: string | undefined;
  /** What dropped it, where that is known. */
  readonly drop: PlacedVerdict | undefined;
  /** What else there is to say where nothing dropped it. */
  readonly else?: string;
}

/** Where a probe went that was to be stopped. */
export interface Way {
  /** The interfaces that it crossed, in words. */
  readonly seen: string;
  /** What let it through, where that is known. */
  readonly accept: PlacedVerdict | undefined;
}

/**
 * The way of a probe that came to its target, or was answered: `by c-1 eth0 (out), node1 br-1 (in), node1 br-2 (out), c-2 eth0 (in)`;
 * `undefined` where it did not. It was let through by the last rule between both ends that accepted it, else by the policy of a chain for
 * what is forwarded.
 */
export function wayOf({ requests, answers }: Path, verdicts: readonly PlacedVerdict[]): Way | undefined {
  const last = requests.at(-1);
  if (!last || (answers.length === 0 && !isIn(last, last.place.isTarget))) return undefined;
  const hops = requests
    .map((one, index) => `${where(one)}${translatedFrom(requests[index - 1], one)}`)
    .filter((hop, index, all) => hop !== all[index - 1]);
  const accepts = verdicts.filter(
    (one) =>
      one.verdict === "accept" &&
      !one.place.isClient &&
      !one.place.isTarget &&
      requests.some(
        ({ place, frame, packet }) =>
          place.host.name === one.place.host.name && (isAbout(one, frame) || isAbout(one, packet)),
      ),
  );
  const rule = accepts.findLast(({ handle, table }) => handle !== null && table !== "nat");
  const policy = accepts.findLast(({ handle, chain }) => handle === null && /forward/i.test(chain));
  return { seen: `by ${hops.join(", ")}`, accept: rule ?? policy };
}

/**
 * Where the packets of a probe to `address` were lost: `last seen on node2 eth2 (in)`, `it arrived at c-1 eth0 (in) from 10.1.2.2`, `the
 * answer of c-1 to 10.1.2.2 was last seen on node2 eth2 (out)`.
 */
export function hopOf(
  { requests, answers, arp, told }: Path,
  drops: readonly PlacedVerdict[],
  address?: string,
): Hop {
  const last = requests.at(-1);
  const answer = answers.at(-1);
  if (answer) {
    const whose = `the answer of ${answers[0]?.place.name} to ${answers[0]?.frame.ip?.destination}`;
    const how = isIn(answer, answer.place.isClient) ? "came back to" : "was last seen on";
    return { seen: `${whose} ${how} ${where(answer)}`, drop: dropOf(answer, drops) };
  }
  if (last) {
    const drop = dropOf(last, drops);
    if (!isIn(last, last.place.isTarget)) return { seen: `last seen on ${where(last)}`, drop };
    const seen = `it arrived at ${where(last)} from ${last.frame.ip?.source}`;
    const why = unheardOf(arp, told);
    return { seen, drop, else: `and no answer was sent${why === undefined ? "" : `: ${why}`}` };
  }
  const unsent = drops.find(({ verdict, place, headers }) => {
    const isSent = headers.some(({ frame, sent }) => sent && frame.ip?.destination === address);
    return verdict === "drop" && place.isClient && isSent;
  });
  const why = unheardOf(arp, told);
  return { seen: unsent || why === undefined ? undefined : `not sent: ${why}`, drop: unsent };
}

/** What became of a question for a MAC, where one was asked. */
function unheardOf(arp: readonly Sight[], told: readonly Sight[]): string | undefined {
  const [asked, answered] = [arp.at(-1), told.at(-1)];
  if (!asked) return undefined;
  const { of } = askForMac(asked.frame) ?? {};
  if (answered) return `the MAC of ${of} was told, last seen on ${where(answered)}`;
  return `nobody told the MAC of ${of}, asked for last on ${where(asked)}`;
}

/** ` from 192.0.2.1`, ` to 10.1.2.2`: what an interface saw of a packet otherwise than the one before it did. */
function translatedFrom(before: Sight | undefined, { frame }: Sight): string {
  if (!before) return "";
  const { source, destination } = frame.ip ?? {};
  const from = source === before.frame.ip?.source ? "" : ` from ${source}`;
  return `${from}${destination === before.frame.ip?.destination ? "" : ` to ${destination}`}`;
}

/** `node2 eth2 (in)`. */
function where({ place, link, outgoing }: Sight): string {
  return `${place.name} ${link} (${outgoing ? "out" : "in"})`;
}

/** Whether a packet has come to the end that it was sent to. */
function isIn({ place, outgoing, frame }: Sight, isEnd: boolean): boolean {
  return isEnd && !outgoing && addressesIn(place).includes(frame.ip?.destination ?? "");
}

/** What dropped a packet after it was seen; what leaves by a tunnel is dropped by the rules of its host. */
function dropOf(
  { place, packet, frame, link }: Sight,
  drops: readonly PlacedVerdict[],
): PlacedVerdict | undefined {
  const here = drops.filter(
    ({ verdict, place: { host } }) => verdict === "drop" && host.name === place.host.name,
  );
  const own = here.find((drop) => isAbout(drop, packet) || isAbout(drop, frame));
  const isTunnel = place.links.some(({ name, kind }) => name === link && kind === "vxlan");
  return own ?? (isTunnel ? here.find(isAboutTunnel) : undefined);
}

/** Whether a drop is one of that packet, as far as addresses and ports tell. */
function isAbout({ headers }: WatchedVerdict, { ip, tcp, udp, sctp }: Frame): boolean {
  const ports = tcp ?? udp ?? sctp;
  return headers.some(({ frame }) => {
    const theirs = frame.tcp ?? frame.udp ?? frame.sctp;
    return (
      frame.ip?.source === ip?.source &&
      frame.ip?.destination === ip?.destination &&
      frame.ip?.protocol === ip?.protocol &&
      theirs?.sourcePort === ports?.sourcePort &&
      theirs?.destinationPort === ports?.destinationPort
    );
  });
}

function isAboutTunnel({ headers }: WatchedVerdict): boolean {
  return headers.some(({ frame }) => defaultVxlanPorts.includes(frame.udp?.destinationPort ?? 0));
}
