import type Docker from "dockerode";
import { z } from "zod";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { until, within } from "#harness/core/async/poll.ts";
import { didNotCome } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { servesOpenVswitch } from "#harness/host/setup/open-vswitch.ts";

/** A host, and the API of its engine. */
type HostWithEngine = Host & { readonly docker: Docker };

/** What exists on a host, by kind; each line is one thing with everything volatile taken out. */
export type HostSnapshot = Record<string, string[]>;

/** What exists on every node, by node name. */
export type Snapshot = Record<string, HostSnapshot>;

/** One thing that is there now and was not before, or the other way round. */
export interface SnapshotDifference {
  host: string;
  kind: string;
  change: "left behind" | "missing";
  thing: string;
}

const separator = "=== ";

// One round trip per host. A tool that is not there leaves its section empty. Namespaces are read from the
// mounts, since engines unmount a namespace at once but delete its empty file only a minute later.
const script = `
section() { echo "${separator}$1"; shift; "$@" 2>/dev/null || true; }
section boot sh -c 'cat /proc/sys/kernel/random/boot_id && cut -d" " -f22 /proc/1/stat'
section links ip -oneline link show
section addresses ip -oneline address show
section routes ip route show table all
section routes6 ip -6 route show table all
section rules ip rule show
section rules6 ip -6 rule show
section xfrm-states ip -oneline xfrm state list nokeys
section xfrm-policies ip -oneline xfrm policy list nosock
section permanent-neighbours ip neighbour show nud permanent
section fdb bridge fdb show
section namespaces awk '$3 == "nsfs" { print $2 }' /proc/self/mounts
section iptables iptables-save
section ip6tables ip6tables-save
section nftables nft --json list ruleset
section ovs sh -c '${servesOpenVswitch} && ovs-vsctl --timeout=5 --no-heading --columns=name,tag,trunks list Port'
section ovs-flows sh -c '
  ${servesOpenVswitch} || exit 0
  for bridge in $(ovs-vsctl --timeout=5 list-br); do
    timeout 5 ovs-ofctl --no-stats --names --protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14 dump-flows "$bridge" | sed "s/^/$bridge /"
  done'
section listeners ss --listening --tcp --udp --sctp --numeric --processes --no-header
section leases find /var/lib/cni/networks -type f -not -name lock -not -name 'last_reserved_ip.*'
`;

/** How long an engine may take to say what it has. */
const engineMs = 60_000;

/** Takes down what exists on one host. Throws where its engine does not say what it has: that is not to have nothing. */
export async function readSnapshot(host: HostWithEngine): Promise<HostSnapshot> {
  const what = `the engine of ${host.name} to say what it has`;
  const [output, objects] = await Promise.all([
    host.run(["sh", "-c", script]),
    within({ what, deadlineMs: engineMs }, engineObjects(host.docker)),
  ]);
  return { ...parseSnapshot(output), ...objects };
}

/**
 * What an engine has, by kind. It is asked itself, since a `docker` that starts takes more of a processor than all else that is looked at.
 * The network bridge gets a new id whenever its engine starts.
 */
export async function engineObjects(docker: Docker): Promise<HostSnapshot> {
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  return {
    containers: containers.map(({ Id, Names }) =>
      `${Id} ${Names.map((name) => name.replace(/^\//, "")).join()}`.trim(),
    ),
    networks: networks.map(({ Id, Name, Driver }) =>
      [...(Name === "bridge" ? [] : [Id]), Name, Driver].join(" ").trim(),
    ),
    volumes: (Volumes ?? []).map(({ Name }) => Name),
  };
}

/** Takes down what exists on every node. */
export async function readClusterSnapshot(cluster: Pick<Cluster, "nodes">): Promise<Snapshot> {
  const pages = await Promise.all(
    cluster.nodes.map(async (node) => [node.name, await readSnapshot(node)] as const),
  );
  return Object.fromEntries(pages);
}

/** Takes down what exists on every node once two readings agree: engines finish what an installation began a little later. */
export async function readStableSnapshot(
  cluster: Pick<Cluster, "nodes">,
  deadlineMs = 30_000,
): Promise<Snapshot> {
  let last = await readClusterSnapshot(cluster);
  return until({ what: "the nodes to come to rest", deadlineMs, everyMs: 300 }, async () => {
    const before = last;
    last = await readClusterSnapshot(cluster);
    return compareSnapshots(before, last).length === 0 && last;
  });
}

/** Reads the output of the snapshot script. */
export function parseSnapshot(output: string): HostSnapshot {
  const snapshot: HostSnapshot = {};
  let kind = "";
  for (const line of output.split("\n")) {
    if (line.startsWith(separator)) {
      kind = line.slice(separator.length).trim();
      snapshot[kind] = [];
    } else {
      snapshot[kind]?.push(...thingsIn(kind, line.trim()));
    }
  }
  // A firewall rule that stands twice does what it does once, and engines that make two networks at a time write some twice.
  for (const firewall of ["iptables", "ip6tables", "nftables"]) {
    if (snapshot[firewall]) snapshot[firewall] = [...new Set(snapshot[firewall])];
  }
  return snapshot;
}

const kernelRoute =
  /^(local fe80:\S*ff:fe\S*|anycast fe80::|fe80::\/64|multicast ff00::\/8) dev \S+ .*proto kernel/;

/**
 * What the kernel gives an interface by itself with its first carrier, e.g. docker_gwbridge with its first container: a
 * link-local IPv6 address made of its MAC, the routes to it, and the multicast groups that it listens to.
 */
const kernelsOwn: Partial<Record<string, RegExp>> = {
  addresses: / inet6 fe80:\S*ff:fe\S* scope link/,
  routes: kernelRoute,
  routes6: kernelRoute,
  fdb: /^33:33:/,
};

/** Parts of a security association that tell how far it got, with extended sequence numbers and without: ip-xfrm(8). */
const sequence = /^(anti-replay|seq-hi|replay_window|lastused|[0-9a-f]{8}( [0-9a-f]{8})*$)/;

/** What one line of a section says exists, without counters, ages and indexes, so that equal things read equal. */
function thingsIn(kind: string, line: string): string[] {
  if (line === "" || kernelsOwn[kind]?.test(line)) return [];
  switch (kind) {
    case "links": {
      const stable = line.replace(/^\d+: /, "").replaceAll(/@if\d+| (qlen \d+|state \S+|<[^>]*>)/g, "");
      return [stable.replaceAll(/\s+/g, " ")];
    }
    case "addresses":
      // An address that was leased says for how long it still is.
      return [
        line
          .replace(/^\d+: /, "")
          .replace(/\s*\\?\s*valid_lft .*$/, "")
          .replaceAll(/\s+/g, " "),
      ];
    case "routes":
    case "routes6":
      return [line.replaceAll(/ (linkdown|expires \S+)/g, "")];
    case "fdb":
      // Learned entries age away by themselves; only what somebody put there counts.
      return /permanent|static/.test(line) ? [line] : [];
    case "ovs-flows":
      return readFlow(line);
    case "listeners":
      return readListener(line);
    case "xfrm-states":
    case "xfrm-policies":
      // Sequence numbers go on with every packet.
      return [
        line
          .split(/\s*\\\s*/)
          .filter((part) => !sequence.test(part))
          .join(" ")
          .trim(),
      ];
    case "iptables":
    case "ip6tables":
      // A table comes to be by being looked at; what counts is what it does.
      return /^(#|\*|COMMIT|:\S+ ACCEPT)/.test(line) ? [] : [line.replace(/\[\d+:\d+\]/, "").trim()];
    case "nftables":
      return readRuleset(line);
    default:
      return [line];
  }
}

/** A flow of a bridge, without what its controller calls it; the head of the answer is none. */
function readFlow(line: string): string[] {
  if (!line.includes("actions=")) return [];
  return [
    line
      .replaceAll(/\b(cookie=\w+,?|reset_counts) */g, "")
      .replaceAll(/\s+/g, " ")
      .trim(),
  ];
}

/** Who listens where. Sockets of no process are the kernel's, such as a VXLAN device's, or an engine's in a container. */
function readListener(line: string): string[] {
  const [protocol, , , , address] = line.split(/\s+/);
  const process = /users:\(\("([^"]*)"/.exec(line)?.[1];
  return process === undefined ? [] : [`${protocol} ${address} ${process}`];
}

const ruleset = z.object({ nftables: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))) });

/** Rules, sets and chains that do something, one line each; empty tables and accepting hooks do nothing. */
function readRuleset(json: string): string[] {
  return ruleset.parse(JSON.parse(json)).nftables.flatMap((item) => {
    const [kind = "", { handle: _, ...fields } = {}] = Object.entries(item)[0] ?? [];
    const idle = kind === "metainfo" || kind === "table" || (kind === "chain" && fields.policy === "accept");
    return idle ? [] : [`${kind} ${JSON.stringify(fields, withoutCounters)}`];
  });
}

function withoutCounters(key: string, value: unknown): unknown {
  return key === "counter" || key === "handle" ? undefined : value;
}

/** What changed between two readings; the order of lines does not count, their number does. */
export function compareSnapshots(before: Snapshot, after: Snapshot): SnapshotDifference[] {
  return Object.keys({ ...before, ...after }).flatMap((host) => {
    const old = before[host] ?? {};
    const now = after[host] ?? {};
    const kinds = Object.keys({ ...old, ...now }).filter((kind) => isKnown(kind, before[host], after[host]));
    return kinds.flatMap((kind) => [
      ...surplus(kind, now[kind] ?? [], old[kind] ?? []).map(
        (thing): SnapshotDifference => ({ host, kind, change: "left behind", thing }),
      ),
      ...surplus(kind, old[kind] ?? [], now[kind] ?? []).map(
        (thing): SnapshotDifference => ({ host, kind, change: "missing", thing }),
      ),
    ]);
  });
}

/** A reading has every kind, if only an empty one: one without it is of a version that did not look there, and tells nothing of it. */
function isKnown(kind: string, old: HostSnapshot | undefined, now: HostSnapshot | undefined): boolean {
  return [old, now].every((page) => page === undefined || Object.hasOwn(page, kind));
}

/** Things of `these` beyond those that `those` also has. */
function surplus(kind: string, these: string[], those: string[]): string[] {
  const left = new Map<string, number>();
  for (const thing of those.map((line) => sameInEveryLife(kind, line)))
    left.set(thing, (left.get(thing) ?? 0) + 1);
  return these.filter((line) => {
    const thing = sameInEveryLife(kind, line);
    const count = left.get(thing) ?? 0;
    left.set(thing, count - 1);
    return count <= 0;
  });
}

/**
 * What an engine gives its own endpoint of swarm's ingress network on docker_gwbridge anew whenever it starts, by kind: what it stands in, and
 * what is there by chance. The name and MAC of a veth pair, the number of a namespace and, where containers come first, the address.
 */
const renewed: Partial<Record<string, { readonly thing: RegExp; readonly chance: RegExp }>> = {
  links: {
    thing: /^veth[0-9a-f]{7}\b.* master docker_gwbridge\b/,
    chance: /^veth[0-9a-f]{7}|(?<=link\/ether )\S+|(?<=link-netnsid )\d+/g,
  },
  fdb: {
    thing: / dev veth[0-9a-f]{7} (vlan \d+ )?(master docker_gwbridge|self) permanent/,
    chance: /^\S+|\bveth[0-9a-f]{7}\b/g,
  },
  iptables: {
    thing: /^-A PREROUTING -d \S+ ! -i docker_gwbridge -j DROP$/,
    chance: /(?<=-d )\S+/,
  },
  nftables: {
    thing: /"chain":"PREROUTING".*"right":"docker_gwbridge".*"drop"/,
    chance: /(?<="right":")\d+\.\d+\.\d+\.\d+(?=")/,
  },
};

/** A thing apart from what it is by chance. One more or one less is seen, since equal things are counted. */
function sameInEveryLife(kind: string, line: string): string {
  const known = renewed[kind];
  return known?.thing.test(line) ? line.replace(known.chance, "*") : line;
}

/** Those of `differences` that are not among `known`. */
export function withoutKnown(
  differences: readonly SnapshotDifference[],
  known: readonly SnapshotDifference[],
): SnapshotDifference[] {
  const keyOf = ({ host, kind, change, thing }: SnapshotDifference) => [host, kind, change, thing].join("\n");
  const keys = new Set(known.map(keyOf));
  return differences.filter((difference) => !keys.has(keyOf(difference)));
}

/**
 * Waits until the nodes are as they were but for `known` differences; engines finish tearing down a little after they have
 * answered. Resolves to what still differs at the deadline, which is a finding.
 */
export async function settle(
  cluster: Pick<Cluster, "nodes">,
  before: Snapshot,
  deadlineMs: number,
  known: readonly SnapshotDifference[] = [],
): Promise<SnapshotDifference[]> {
  let differences: SnapshotDifference[] = [];
  try {
    await until({ what: "the nodes to be as they were", deadlineMs, everyMs: 200 }, async () => {
      differences = withoutKnown(compareSnapshots(before, await readClusterSnapshot(cluster)), known);
      return differences.length === 0;
    });
    return [];
  } catch (error) {
    if (didNotCome(error) && differences.length > 0) return differences;
    throw error;
  }
}

/** Differences as indented lines for a failure text; when they are too many, every kind still has its first ones there. */
export function describeDifferences(differences: readonly SnapshotDifference[], most = 20): string {
  const seen = new Map<string, number>();
  const ranked = differences.map((difference, index) => {
    const group = `${difference.host} ${difference.kind} ${difference.change}`;
    const rank = seen.get(group) ?? 0;
    seen.set(group, rank + 1);
    return { difference, index, rank };
  });
  const lines = ranked
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, most)
    .sort((a, b) => a.index - b.index)
    .map(({ difference: { host, kind, change, thing } }) => `  ${host} ${kind}: ${change}: ${thing}`);
  if (differences.length > most) lines.push(`  … and ${differences.length - most} more`);
  return lines.join("\n");
}
