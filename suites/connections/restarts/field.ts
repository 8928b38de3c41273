import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { createStacked, type IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import { runInTurn } from "#harness/conformance/pair.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, Nonconformance } from "#harness/core/errors.ts";
import type { Transport } from "#harness/host/agent/reach.ts";
import { HeldConnection } from "#harness/observe/probe/held/connection.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { peerNodeOf } from "#suites/lifecycle/fixture.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";

/** Milliseconds between two lines of either end: no gap is told finer than that. */
const everyMs = 20;
const protocols = ["tcp", "udp"] as const satisfies readonly Transport[];

export type Place = "within a node" | "between nodes";

/** A connection that is held between two containers of a network. */
export interface HeldWay {
  readonly place: Place;
  readonly version: IpVersion;
  readonly connection: HeldConnection;
}

/** What is open while something is restarted. */
export interface Field {
  readonly ways: readonly HeldWay[];
  /** What the containers' network carries, IPv4 first. */
  readonly versions: readonly IpVersion[];
  /** Connections of the hosts themselves, of which neither a plugin nor an engine knows. */
  readonly controls: readonly HeldConnection[];
}

/**
 * Opens them: between containers on `node` and, where networks of the driver reach other nodes, between containers on another one and,
 * opened by either end, between the two nodes, over each IP version that the driver declares. Throws `Blocked` where the driver has such
 * networks and there is one node alone.
 */
export async function makeField(
  context: Pick<ChapterContext, "cluster" | "driver" | "declaration">,
  scope: Scope,
  node: ClusterNode,
): Promise<Field> {
  const { cluster, declaration } = context;
  if (declaration.capabilities.includes("multihost")) twoNodes(cluster.nodes);
  const nodes = [...new Set([node, peerNodeOf(context)])];
  const { network, versions, over } = await createStacked(scope, context);
  const bare = declaration.capabilities.includes("cni") ? { bare: true } : {};
  const ones = await runInTurn(scope, network, nodes, bare);
  const others = await Promise.all(nodes.map((at) => network.run(scope, at, bare)));
  const couples = ones.map((one, index) => [one, others[index]!] as const);
  const ways = versions.map(async (version) => {
    const peers = couples.map(([one, other]) => Promise.all([over(version, one), over(version, other)]));
    return openWays(scope, version, await Promise.all(peers));
  });
  const controls = openControls(scope, nodes);
  return { ways: (await Promise.all(ways)).flat(), versions, controls: await controls };
}

/** `couples`: two peers on each node. */
async function openWays(
  scope: Scope,
  version: IpVersion,
  couples: readonly (readonly [Peer, Peer])[],
): Promise<HeldWay[]> {
  const ends: [Place, Peer, Peer][] = couples.map(([one, other]) => ["within a node", one, other]);
  const [here, there] = couples;
  if (here && there) ends.push(["between nodes", here[0], there[0]], ["between nodes", there[1], here[1]]);
  const ways = ends.flatMap(([place, from, to]) =>
    protocols.map(async (protocol): Promise<HeldWay> => {
      const connection = await HeldConnection.open(scope, { from, to, protocol, everyMs });
      return { place, version, connection };
    }),
  );
  return Promise.all(ways);
}

/** On each node with itself, and from each to the next one over the network by which the harness comes. */
async function openControls(scope: Scope, nodes: readonly ClusterNode[]): Promise<HeldConnection[]> {
  const hosts = nodes.map((node) => hostPeer(scope, node));
  const ends: [Peer, Peer][] = hosts.flatMap((host, index): [Peer, Peer][] => {
    const next = hosts[index + 1];
    return [[host, { ...host, ip: "127.0.0.1" }], ...(next ? [[host, next] as [Peer, Peer]] : [])];
  });
  const opened = ends.flatMap(([from, to]) =>
    protocols.map((protocol) => HeldConnection.open(scope, { from, to, protocol, everyMs })),
  );
  return Promise.all(opened).catch((error: unknown) => {
    if (!(error instanceof Nonconformance)) throw error;
    throw new Blocked(`nodes carry nothing between ports of their own: ${error.message}`);
  });
}
