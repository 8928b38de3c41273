import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { nameOf } from "#harness/conformance/ip-versions/each.ts";
import type { Hosts } from "#harness/conformance/ip-versions/hosts.ts";
import type { IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, Unsupported } from "#harness/core/errors.ts";
import { addressOf, contains, familyOf } from "#harness/core/ip.ts";
import type { Transport } from "#harness/host/agent/reach.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { expectNoPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectBlocked } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { Workload } from "#harness/workload/workload.ts";

const linkLocal = "fe80::/10";

/** The port on which containers serve; their nodes publish it as another one. */
export const port = 8081;

/** The node that carries the containers of the chapter. */
export function nodeOf({ nodes }: Pick<Cluster, "nodes">): ClusterNode {
  const [node] = nodes;
  if (!node) throw new HarnessError("expected a cluster of one node or more, got none");
  return node;
}

/** A network's name that comes first: through that network Docker's bridge goes out, and publishes, of all that a container has. */
export function firstName(): string {
  return uniqueName("aa");
}

/** Addresses of a workload on all its interfaces but loopback, without prefix; not those that hold on one link alone. */
export async function addressesOf(workload: Workload, family: 4 | 6 = 4): Promise<string[]> {
  return (await workload.links())
    .flatMap(({ name, addresses }) => (name === "lo" ? [] : addresses.map(addressOf)))
    .filter((address) => familyOf(address) === family && !contains(linkLocal, address));
}

/**
 * Addresses of a workload in subnets that its node is in as well, each with the node's address there: a host with a route
 * to the node gets as far as that.
 */
export async function addressesBehindNode(
  workload: Workload,
  family: 4 | 6 = 4,
): Promise<{ ip: string; gateway: string }[]> {
  const subnets = parseLinks(await workload.node.run(listLinks)).flatMap(({ addresses }) => addresses);
  return (await addressesOf(workload, family)).flatMap((ip) => {
    const own = subnets.find((cidr) => contains(cidr, ip));
    return own ? [{ ip, gateway: addressOf(own) }] : [];
  });
}

/** Throws `Unsupported` where no address of a workload is behind its node: then no route from outside leads to it, and nothing can be seen. */
export function refuseNoneBehind({ name }: Workload, behind: readonly unknown[]): void {
  if (behind.length === 0) throw new Unsupported(`${name} has no address in a subnet of its node`);
}

/** Who asks a node for what it publishes, and at which of its IPv4 addresses. */
export function waysTo(
  node: ClusterNode,
  { cluster, scope, declaration }: Pick<ChapterContext, "cluster" | "declaration"> & Pick<TestTools, "scope">,
): [Peer, string][] {
  const other = cluster.nodes.find((one) => one !== node);
  const { management, control } = node.interfaces;
  const here = hostPeer(scope, node);
  const fromOther: [Peer, string][] = other
    ? [
        [hostPeer(scope, other), management.address],
        [hostPeer(scope, other, "control"), control.address],
      ]
    : [];
  // Any address of the node for Docker; CNI has no rule for loopback.
  const loopback: [Peer, string][] = declaration.capabilities.includes("cni") ? [] : [[here, "127.0.0.1"]];
  return [
    [hostPeer(scope, cluster.external), management.address],
    ...fromOther,
    [here, management.address],
    [here, control.address],
    ...loopback,
  ];
}

/** Who asks the first of those nodes for what it publishes, and at which of its IPv6 addresses, where the hosts are known by theirs. */
export function ways6To(
  { external, nodes, node, loopback }: Hosts,
  context: Pick<ChapterContext, "cluster" | "declaration">,
): [Peer, string][] {
  return [
    ...[external, ...nodes].map((client): [Peer, string] => [client, node.ip]),
    ...(reachesOnLoopback6(context) ? ([[node, loopback]] satisfies [Peer, string][]) : []),
  ];
}

/**
 * Whether the chapter's node reaches on ::1 what it publishes there. That takes the proxy of its engine: IPv6 has no `route_localnet`, by which rules
 * could lead there. CNI has neither.
 */
export function reachesOnLoopback6({
  cluster,
  declaration,
}: Pick<ChapterContext, "cluster" | "declaration">): boolean {
  return !declaration.capabilities.includes("cni") && !nodeOf(cluster).flags.includes("userland-proxy=false");
}

/** A way that must not lead anywhere. */
export interface Apart {
  readonly from: Peer;
  readonly target: Peer;
  /** Where the target is asked for; default: at its own address. */
  readonly addresses?: readonly string[];
  /** Who reaches the target at such an address. */
  readonly control: (address: string) => Peer;
  /** A client without a route to the target is one more that does not reach it. */
  readonly mayLackRoute?: boolean;
}

/**
 * Passes when none of the ways leads to its target, neither over TCP nor over UDP nor by ping. All are asked at the same time, each between two
 * sights of its control, which asks the same. Throws `Nonconformance` otherwise, `ProbeFailed` where a control fails, and `NoRoute` where a
 * client has no route and must have one.
 */
export async function expectApart(ways: readonly Apart[]): Promise<void> {
  const served = await Promise.all(
    ways.map(async (way) => ({
      ...way,
      servers: await Promise.all([
        serve(way.target, { ports: [0] }),
        serve(way.target, { ports: [0], protocol: "udp" }),
      ]),
    })),
  );
  try {
    await Promise.all(
      served.flatMap(({ from, target, addresses = [target.ip], control, mayLackRoute = false, servers }) =>
        addresses.flatMap((address) => {
          const by = control(address);
          return [
            ...servers.map((server) =>
              expectBlocked(from, server.at(server.ports[0] ?? 0, { address }), {
                control: { from: by },
                mayLackRoute,
              }),
            ),
            expectNoPing(from, { name: target.name, ip: address }, { control: { from: by }, mayLackRoute }),
          ];
        }),
      ),
    );
  } finally {
    // Not by each way for itself: of several that fail, the one that was looked into must be told first.
    await Promise.all(served.flatMap(({ servers }) => servers.map((one) => one[Symbol.asyncDispose]())));
  }
}

/** Gives a host a way to an address over another one of the same IP version, as long as `scope` is open. */
export async function routeThrough(scope: Scope, host: Host, address: string, via: string): Promise<void> {
  // A host's own prefix is what `ip` takes an address for.
  const command = (verb: string) => ["ip", `-${familyOf(address)}`, "route", verb, address, "via", via];
  await withUndo(scope, host, command("replace"), command("del"));
}

/** `docker port`: what the node's engine says of a container's port over an IP version, e.g. `[::]:32768`; empty for nothing. */
async function publishedAt(
  { node, name }: Workload,
  port: number,
  protocol: Transport,
  version: IpVersion,
): Promise<string> {
  const listed = await node.exec(["docker", "port", name, `${port}/${protocol}`]);
  return listed.stdout.split("\n").find((line) => line.includes("[") === (version === 6)) ?? "";
}

/** The port of the node that leads to the container's, as its engine tells it. */
export async function portOf(
  workload: Workload,
  inside: number,
  { protocol = "tcp", version = 4 }: { protocol?: Transport; version?: IpVersion } = {},
): Promise<number> {
  const told = await publishedAt(workload, inside, protocol, version);
  expectThat(/:\d+$/.test(told), {
    who: `docker port ${workload.name} ${inside}/${protocol}`,
    expected: `a port of the node over ${nameOf(version)}`,
    got: told || "nothing",
  });
  return Number(told.split(":").at(-1));
}
