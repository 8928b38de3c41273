import { until, within } from "#harness/core/async/poll.ts";
import { messageOf, ProbeFailed } from "#harness/core/errors.ts";
import { parseAddress } from "#harness/core/ip.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import type { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { Host } from "#harness/host/host.ts";
import { carries, defaultVxlanPorts } from "#harness/observe/capture/packet.ts";
import { type PlacedCount, verdictsByCounts } from "./counted.ts";
import { type Hop, hopOf, type PlacedVerdict, wayOf } from "./describe.ts";
import { askedOnLoopback, follow, type Path, type Question, type Seen } from "./follow.ts";
import { type Ends, type Place, placesOf } from "./places.ts";
import { ownNamespace, Watcher } from "./watcher.ts";

/** From where a probe starts, or where its server runs. */
interface End {
  readonly name: string;
  readonly ip?: string;
  agent(): Promise<ProbeAgent>;
}

/** A check of whether something is reached, as it can be made once more. */
export interface Probe extends Question {
  readonly address: string;
  readonly from: End;
  /** Who is asked. */
  readonly to: { readonly name: string; readonly peer?: End | undefined };
  /** This name of who is asked is looked up first, by whom the client asks for names. */
  readonly byName?: string;
  /** This name is asked for of a resolver in the client's own namespace: whom that asks in turn is told. */
  readonly passedOn?: string | undefined;
  /** It was to be stopped: what let it through is asked, and not where it was lost. */
  readonly unwanted?: boolean;
  /** Makes the check once, whatever comes of it; the probe's marker is in what it sends. */
  readonly again: () => Promise<unknown>;
}

/** What was seen of a check that was made once more. */
export interface HopObservation {
  /** Where it was lost, or how it got through, in words. */
  readonly says: string;
  /** Every packet that the watchers saw, on the clocks of their hosts. */
  readonly packets: readonly Seen[];
  /** Those of them that are of the check, or of the answer to it, on their way. */
  readonly followed: readonly Seen[];
}

/** How long the check is made once more for: what it sends is seen at once, and an answer to it soon after. Less than TCP waits for. */
const resendMs = 800;
/** Neighbours are asked for once a second (RFC 4861, section 10; ARP in Linux alike): what waits for one sends nothing for that long. */
const neighbourMs = 1_100;
/** What a second watch takes beside that. */
const againMs = 400;

/**
 * Makes a check that failed once more, under observation on every link that it may cross on these hosts. Resolves to where it was
 * lost: the last interface that saw it, and the rule that dropped it there, where one did. Of one that was to be stopped, to the way that it
 * took, and the rule that let it through. Does not reject: where nothing could be seen in `deadlineMs`, that is what it says.
 */
export async function whichHop(
  probe: Probe,
  hosts: readonly Host[],
  deadlineMs: number,
): Promise<HopObservation> {
  try {
    const endsAt = performance.now() + scaled(deadlineMs);
    const deadline = { what: "the probe under observation", deadlineMs };
    return await within(deadline, observeAgain(probe, hosts, endsAt));
  } catch (error) {
    const [why] = messageOf(error).split("\n");
    const what = probe.unwanted ? "its way" : "on which hop it was lost";
    return { says: `${what} could not be seen: ${why}`, packets: [], followed: [] };
  }
}

async function observeAgain(probe: Probe, hosts: readonly Host[], endsAt: number): Promise<HopObservation> {
  const crossed = await hostsCrossed(probe, hosts);
  const started = await Promise.allSettled(crossed.map((host) => Watcher.start(host)));
  const watchers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const places = await findPlaces(probe, watchers);
    const busy = watchers.filter(({ host }) => pathsOn(host, places).length > 0);
    if (busy.length === 0) throw new ProbeFailed(`${probe.from.name} is on none of the hosts`);
    let sights = await watch(probe, busy, places, resendMs);
    const hasTime = () => endsAt - performance.now() > scaled(neighbourMs + againMs);
    if (isUnseen(probe, sights) && hasTime()) sights = await watch(probe, busy, places, neighbourMs);
    const { path, packets } = sights;
    const says = await conclude(probe, sights, watchers);
    const ofProbe = new Set(
      [...path.requests, ...path.answers, ...path.arp, ...path.told].map(({ packet }) => packet),
    );
    return { says, packets, followed: packets.filter(({ packet }) => ofProbe.has(packet)) };
  } finally {
    await Promise.allSettled(watchers.map((watcher) => watcher.close()));
  }
}

/** What was seen of a probe on its way. */
interface Sights {
  readonly path: Path;
  readonly packets: readonly Seen[];
  readonly verdicts: readonly PlacedVerdict[];
}

/** Makes the check, for that long at most, and reads what was seen of it; one that ends at once is made again until neighbours were asked for. */
async function watch(
  probe: Probe,
  watchers: readonly Watcher[],
  places: readonly Place[],
  deadlineMs: number,
): Promise<Sights> {
  const [filter, traced] = [filterOf(probe), matchesOf(probe)];
  await Promise.all(
    watchers.map((watcher) => watcher.begin({ paths: pathsOn(watcher.host, places), filter, traced })),
  );
  // What it comes to this time is in the packets.
  const made = until({ what: "the check once more", deadlineMs }, async () => {
    await probe.again().catch(() => {});
    return deadlineMs < neighbourMs;
  });
  await within({ what: "the check once more", deadlineMs }, made).catch(() => {});
  const seen = await Promise.all(watchers.map((watcher) => readAll(watcher, places)));
  const packets = seen.flatMap((one) => one.packets);
  const path = follow(probe.passedOn ? nameQuestion : probe, packets);
  const counts = seen.flatMap((one) => one.counts);
  const verdicts = [...seen.flatMap((one) => one.verdicts), ...verdictsByCounts(path, packets, counts)];
  return { path, packets, verdicts };
}

/** Whether nothing of a check was seen, and nothing that tells why: it may wait for a neighbour that was asked for before the watch began. */
function isUnseen(probe: Probe, { path, packets, verdicts }: Sights): boolean {
  if (probe.passedOn || path.requests.length > 0 || path.arp.length > 0) return false;
  if (nameHopOf(probe, packets, verdicts) !== undefined) return false;
  return !verdicts.some(({ verdict, place }) => verdict === "drop" && place.isClient);
}

/** In words, what came of a check that was made once more. */
async function conclude(probe: Probe, sights: Sights, watchers: readonly Watcher[]): Promise<string> {
  if (probe.passedOn !== undefined) return whoWasAsked(probe.to.name, probe.passedOn, sights, watchers);
  if (!probe.unwanted) return whereLost(probe, sights, watchers);
  const way = wayOf(sights.path, sights.verdicts);
  if (!way) return `sent once more: ${await whereLost(probe, sights, watchers)}`;
  return `it got through ${way.seen}${way.accept ? `, let through ${await ruleOf(way.accept, watchers)}` : ""}`;
}

/** Whom a resolver asked for a name that it was asked for, and what came of that. */
async function whoWasAsked(
  resolver: string,
  name: string,
  { path, packets, verdicts }: Sights,
  watchers: readonly Watcher[],
): Promise<string> {
  const hop = hopOf(path, verdicts);
  if (hop.seen === undefined) {
    const inside = askedOnLoopback({ ...nameQuestion, marker: labelOf(name) }, packets);
    if (!inside) return `${resolver} asked nobody else`;
    return `${resolver} asked ${inside.packet.ip?.destination} on the loopback of ${inside.place.name}`;
  }
  const [first] = path.requests;
  const dropped = hop.drop ? `, dropped ${await ruleOf(hop.drop, watchers)}` : "";
  return `${resolver} asked ${first?.frame.ip?.destination}: ${hop.seen}${dropped}`;
}

async function whereLost(
  probe: Probe,
  { path, packets, verdicts: drops }: Sights,
  watchers: readonly Watcher[],
): Promise<string> {
  const asked = hopOf(path, drops, probe.address);
  const named = asked.seen === undefined ? nameHopOf(probe, packets, drops) : undefined;
  const hop =
    named?.seen === undefined ? asked : { ...named, seen: `its question for the name: ${named.seen}` };
  const where = hop.seen ?? `it did not leave ${probe.from.name}`;
  if (hop.drop) return `${where}, dropped ${await ruleOf(hop.drop, watchers)}`;
  if (hop.seen === undefined) return `${where}${await routeOf(probe)}`;
  return hop.else === undefined ? where : `${where}, ${hop.else}`;
}

/** Those of the hosts that a probe crosses: both ends' where the server's own address is asked, else any. */
async function hostsCrossed({ from, to, address }: Probe, hosts: readonly Host[]): Promise<readonly Host[]> {
  if (to.peer?.ip !== address) return hosts;
  const ends = await Promise.all([from.agent(), to.peer.agent()]);
  return hosts.filter(({ name }) => ends.some(({ host }) => host.name === name));
}

/** Where the client's question for the name was lost; `undefined` where none was seen. */
function nameHopOf(
  { byName }: Probe,
  packets: readonly Seen[],
  drops: readonly PlacedVerdict[],
): Hop | undefined {
  if (byName === undefined) return undefined;
  const label = labelOf(byName);
  const path = follow({ ...nameQuestion, marker: label }, packets);
  const [first] = path.requests;
  // Others ask in the client's namespace too.
  return first && carries(first.frame, label) ? hopOf(path, drops) : undefined;
}

/** What of a name stands in a question as it is (RFC 1035, section 3.1). */
function labelOf(name: string): string {
  return name.split(".")[0] ?? "";
}

/** The port of name servers (RFC 1035). */
const dns = 53;
const nameQuestion: Question = { protocol: "udp", ports: [dns] };

function pathsOn(host: Host, places: readonly Place[]): string[] {
  return places.filter((place) => place.host.name === host.name).map(({ path }) => path);
}

async function findPlaces({ from, to, address }: Probe, watchers: readonly Watcher[]): Promise<Place[]> {
  const [client, server] = await Promise.all([from.agent(), to.peer?.agent()]);
  const at = ({ host, netns = ownNamespace }: ProbeAgent) => ({ host: host.name, path: netns });
  const ends: Ends = {
    client: { name: from.name, ...at(client) },
    address,
    target: { name: to.name, ...(server ? at(server) : {}) },
  };
  const known = (host: Host) =>
    [ends.client, ends.target].flatMap((end) => (end.host === host.name && end.path ? [end.path] : []));
  const found = await Promise.all(watchers.map((watcher) => watcher.survey(known(watcher.host))));
  return placesOf(ends, found.flat());
}

async function readAll(
  watcher: Watcher,
  places: readonly Place[],
): Promise<{ packets: Seen[]; verdicts: PlacedVerdict[]; counts: PlacedCount[] }> {
  const watched = await watcher.end();
  const own = places.filter(({ host }) => host.name === watcher.host.name);
  const all = own.map((place) => ({ place, seen: watched.get(place.path) }));
  return {
    packets: all.flatMap(({ place, seen }) => (seen?.packets ?? []).map((one) => ({ ...one, place }))),
    verdicts: all.flatMap(({ place, seen }) => (seen?.verdicts ?? []).map((one) => ({ ...one, place }))),
    counts: all.flatMap(({ place, seen }) => (seen?.counts ?? []).map((one) => ({ ...one, place }))),
  };
}

/** `by inet filter input on node2: udp dport 4789 drop`. */
async function ruleOf(decided: PlacedVerdict, watchers: readonly Watcher[]): Promise<string> {
  const { verdict, family, table, chain, handle, place } = decided;
  const watcher = watchers.find(({ host }) => host.name === place.host.name);
  const rule =
    handle === null ? `policy ${verdict}` : (decided.rule ?? (await watcher?.rule(place.path, decided)));
  return `by ${family} ${table} ${chain} on ${place.name}${rule ? `: ${rule}` : ""}`;
}

/** Why nothing left: the client may have no route. */
async function routeOf({ from, address }: Probe): Promise<string> {
  const { host, netns } = await from.agent();
  const inside = netns ? ["nsenter", `--net=${netns}`] : [];
  const route = await host.exec([...inside, "ip", "route", "get", address], { deadlineMs: 2_000 });
  return route.code === 0 ? "" : `, which has no route to ${address}`;
}

/** Of tcpdump: the probe bare or in a tunnel, and what asks for its neighbours. */
function filterOf({ protocol, ports, byName }: Probe): string {
  const bare = protocol === "icmp" ? ["icmp", "icmp6"] : ports.map((port) => `${protocol} port ${port}`);
  return [
    "arp",
    ...bare,
    ...(byName === undefined ? [] : [`udp port ${dns}`]),
    ...defaultVxlanPorts.map((port) => `udp port ${port}`),
  ].join(" or ");
}

/** Of nftables: the packets of a probe and their answers, bare or inside VXLAN. */
function matchesOf({ protocol, address, ports, byName }: Probe): string[] {
  const set = `{ ${[...new Set(ports)].join(", ")} }`;
  const bare =
    protocol === "icmp"
      ? ["meta l4proto { icmp, ipv6-icmp }"]
      : [`${protocol} dport ${set}`, `${protocol} sport ${set}`];
  const names = byName === undefined ? [] : [`udp dport ${dns}`, `udp sport ${dns}`];
  return [...bare, ...names, ...insideVxlan(address)];
}

/** Bits from the UDP header to what is inside: UDP 8, VXLAN 8 and Ethernet 14 bytes (RFC 7348, section 5). */
const insideBits = (8 + 8 + 14) * 8;

/** Packets to the address, and from it. */
function insideVxlan(address: string): string[] {
  // A link-local address comes with its interface.
  const { family, value } = parseAddress(address.replace(/%.*/, ""));
  const bits = family === 4 ? 32 : 128;
  const source = insideBits + (family === 4 ? 12 : 8) * 8;
  const hex = `0x${value.toString(16).padStart(bits / 4, "0")}`;
  return [source, source + bits].map(
    (at) => `udp dport { ${defaultVxlanPorts.join(", ")} } @th,${at},${bits} ${hex}`,
  );
}
