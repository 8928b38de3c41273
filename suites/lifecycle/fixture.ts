import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { heldOver, ipv6FilteredSince } from "#harness/conformance/ip-versions/each.ts";
import { expectEgress } from "#harness/conformance/ip-versions/egress.ts";
import { peerOf, type StackedHosts } from "#harness/conformance/ip-versions/hosts.ts";
import type { IpVersion, Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { announce } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { addressOf, contains, nthAddress } from "#harness/core/ip.ts";
import { NoRoute } from "#harness/host/agent/agent.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { askEngine, CnmWorkload, inspectNetwork } from "#harness/workload/docker/network.ts";
import { startAgain } from "#harness/workload/docker/restart.ts";
import { explainUnattachedStart } from "#harness/workload/docker/unattached.ts";
import type { Network, WorkloadSpec } from "#harness/workload/network.ts";
import { exchangeMs } from "#harness/workload/reach/exchange.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import type { Workload } from "#harness/workload/workload.ts";

export type LifecycleTest = Pick<ChapterContext, "cluster" | "declaration"> &
  Pick<TestTools, "scope"> &
  Partial<Pick<TestTools, "fact">>;

/** The port on which containers serve; their nodes publish it as another one. */
const port = 8082;
export const transports = ["tcp", "udp"] as const;
/**
 * Time for an engine to start a container, from when it answers. In a swarm one that was killed waits 30 s for its part in the network that it had
 * before (libnetwork, networkdb, bulkSyncNode), and refuses a start after 20 s of that.
 */
const startMs = 90_000;

/**
 * The node whose engine ends: the last one. A swarm of one manager tolerates the loss of none, and that is the first node; after a restart of
 * its engine workers look for it once a minute (moby#33346).
 */
export function nodeOf({ nodes }: Pick<Cluster, "nodes">): ClusterNode {
  const node = nodes.at(-1);
  if (!node) throw new HarnessError("expected a cluster of one node or more, got none");
  return node;
}

/** Where the peers of its containers run: on another node where a network of the driver gets there. */
export function peerNodeOf({
  cluster,
  declaration,
}: Pick<LifecycleTest, "cluster" | "declaration">): ClusterNode {
  const [other] = cluster.nodes;
  return (declaration.capabilities.includes("multihost") && other) || nodeOf(cluster);
}

/** Whether a container's port can be published on its node. */
export function publishes({ declaration }: Pick<LifecycleTest, "declaration">): boolean {
  return declaration.capabilities.includes("publish");
}

/** A container that keeps an address of its own of each IP version of the network and, where the driver publishes, a port of the node. */
export function fixed(
  { declaration }: Pick<LifecycleTest, "declaration">,
  { network, subnet6 }: Pick<Stacked, "network" | "subnet6">,
  index: number,
  hostPort: number,
): WorkloadSpec {
  return {
    ip: nthAddress(network.subnet, index),
    ...(subnet6 ? { ip6: nthAddress(subnet6, index) } : {}),
    ...published({ declaration }, hostPort),
  };
}

/** A port of the node for the workload's, over each transport, where the driver publishes. */
export function published(
  { declaration }: Pick<LifecycleTest, "declaration">,
  hostPort: number,
): Pick<WorkloadSpec, "publish"> {
  if (!publishes({ declaration })) return {};
  return { publish: transports.map((protocol) => ({ port, protocol, hostPort })) };
}

/** The addresses of a container, `who`, are those that it asked for. Throws `Nonconformance` otherwise. */
export async function expectKept(
  who: string,
  { versions, over }: Stacked,
  workload: Workload,
  { ip, ip6 }: Pick<WorkloadSpec, "ip" | "ip6">,
): Promise<void> {
  const peers = await Promise.all(versions.map((version) => over(version, workload)));
  expectFact(
    who,
    "its addresses",
    peers.map((peer) => peer.ip),
    [ip, ip6].filter((address) => address !== undefined),
  );
}

/** Who reaches a workload, in which network and of which hosts. */
export interface Reach {
  readonly from: Workload;
  readonly stacked: Stacked;
  readonly everywhere: StackedHosts;
  readonly hostPort?: number;
}

/**
 * The workload and its peer reach each other over each IP version of their network, also by name where the driver has names, each within
 * `exchangeMs`. The workload reaches the external host, and that one what the node publishes, over IPv6 where Docker promises that.
 */
export async function expectReached(
  test: LifecycleTest,
  workload: Workload,
  { from, stacked: { versions, over }, everywhere, hostPort }: Reach,
): Promise<void> {
  const { capabilities } = test.declaration;
  const eachOther = async (version: IpVersion) => {
    const [own, peer] = await Promise.all([over(version, workload), over(version, from)]);
    await Promise.all([
      expectPing(peer, own, { deadlineMs: exchangeMs }),
      expectPing(own, peer, { deadlineMs: exchangeMs }),
    ]);
    if (!capabilities.includes("names")) return;
    await Promise.all([
      expectPingByName(from, own, exchangeMs),
      expectPingByName(workload, peer, exchangeMs),
    ]);
  };
  const held = heldOver(test, versions, { since: ipv6FilteredSince }).map((version) =>
    everywhere.over(version),
  );
  const egress = async () => {
    if (!capabilities.includes("outbound")) return;
    await Promise.all(held.map((hosts) => expectEgress(workload, hosts, { deadlineMs: exchangeMs })));
  };
  const fromOutside = async (protocol: (typeof transports)[number]) => {
    if (hostPort === undefined || !publishes(test)) return;
    await using server = await serve(workload, { ports: [port], protocol });
    await Promise.all(
      held.map((hosts) => {
        const address = peerOf(hosts, workload.node).ip;
        const target = server.at(port, { address, port: hostPort });
        return expectOpen(hosts.external, target, { deadlineMs: exchangeMs });
      }),
    );
  };
  await Promise.all([...versions.map(eachOther), egress(), ...transports.map(fromOutside)]);
}

/** No two of the workloads have an address or a MAC in common, on any interface in the network's subnets. */
export async function expectOwnAddresses(
  { subnet6 }: Pick<Stacked, "subnet6">,
  workloads: readonly Workload[],
): Promise<void> {
  const owners = new Map<string, string>();
  for (const workload of workloads) {
    const links = await workload.links();
    const wanted = `${workload.ip}/${workload.prefix}`;
    const having = links.filter(({ addresses }) => addresses.includes(wanted));
    const got = links.map(({ name, addresses }) => `${name} ${addresses.join(" ")}`).join("; ");
    const who = `${workload.name}, inside`;
    expectThat(having.length > 0, { who, expected: `an interface with ${wanted}`, got });
    for (const { name, mac, addresses } of having) {
      const over6 = addresses.map(addressOf).filter((address) => subnet6 && contains(subnet6, address));
      expectThat(!subnet6 || over6.length > 0, {
        who,
        expected: `${name} with an address in ${subnet6}`,
        got,
      });
      for (const own of [workload.ip, ...over6, mac]) {
        const owner = owners.get(own);
        expectThat(owner === undefined, {
          who: `${workload.name} ${name}`,
          expected: "an address and a MAC that no other container has",
          got: `${own}, which is ${owner}'s`,
        });
        owners.set(own, workload.name);
      }
    }
  }
}

/**
 * Ends the probe agents of the workloads on a node whose engine is about to end. A process in the namespace of a container keeps it, with its
 * interfaces and addresses, when an engine that was killed has lost it.
 */
export async function leaveAlone(node: ClusterNode, workloads: readonly Workload[]): Promise<void> {
  const ending = workloads.filter((workload) => workload.node === node);
  await Promise.all(ending.map(async (workload) => (await workload.agent()).close()));
}

/**
 * An engine in a swarm has its endpoint of the ingress network again, through which services are published; this comes some time after it
 * answers. Throws `Nonconformance` when it has not within `startMs`.
 */
export async function expectIngress({ nodes }: Pick<Cluster, "nodes">, node: ClusterNode): Promise<void> {
  const { Swarm } = await node.docker.info();
  if (Swarm?.LocalNodeState !== "active") return;
  // The engine itself may not know the network yet.
  const listed = await Promise.all(nodes.map(({ docker }) => docker.listNetworks()));
  const ingress = listed.flat().find(({ Ingress }) => Ingress);
  if (!ingress) return;
  await untilDone(`${node.name} to be in the ingress network`, async () => {
    const { containers } = await inspectNetwork(node, ingress.Name);
    expectThat("ingress-sbox" in containers, {
      who: `${node.name}, whose engine is back`,
      expected: "its endpoint of the ingress network",
      got: Object.keys(containers).join(", ") || "none",
    });
    return true;
  });
}

/** `docker stop`. */
export async function stop(workload: Workload): Promise<void> {
  const { node, id, name } = workload;
  await askEngine(node, `docker stop ${name}`, node.docker.getContainer(id).stop());
  await announce("workload stopped", { workload });
}

/** Whether an echo request is answered now; three are sent. */
export async function passes(from: Workload, to: Workload): Promise<boolean> {
  const agent = await from.agent();
  const sent = agent.ping({ address: to.ip, timeoutMs: 1_000, count: 3, intervalMs: 100 });
  const { received } = await sent.catch((error: unknown) => {
    if (error instanceof NoRoute) return { received: 0 };
    throw error;
  });
  return received > 0;
}

/**
 * A container, after the engine of `node` has ended and is back: where it is that engine's `docker start` of it, unless the engine leaves its
 * containers running.
 */
export async function bringBack(
  scope: Scope,
  network: Network,
  workload: Workload,
  node: ClusterNode,
): Promise<Workload> {
  if (workload.node !== node) return workload;
  const { LiveRestoreEnabled } = await node.docker.info();
  return (LiveRestoreEnabled ? untilBack : startWhenPossible)(scope, network, workload);
}

/** `docker start` until the engine does it; throws what it last refused with after `startMs`. */
export function startWhenPossible(scope: Scope, network: Network, workload: Workload): Promise<CnmWorkload> {
  return untilDone(`${workload.name} to start`, () => startAgain(scope, network, workload));
}

/** `docker run` until the engine does it; throws what it last refused with after `startMs`. */
export function runWhenPossible(
  scope: Scope,
  network: Network,
  node: ClusterNode,
  spec: WorkloadSpec = {},
): Promise<Workload> {
  return untilDone(`a container of ${network.name} to start`, async () => {
    const own = scope.child(`a container of ${network.name}`);
    try {
      return await network.run(own, node, spec);
    } catch (error) {
      await own.close();
      throw error;
    }
  });
}

/** Waits until a container runs without being asked to; throws `Nonconformance` when it does not within `startMs`. */
export async function untilBack(
  scope: Scope,
  network: Network,
  { node, id, name }: Workload,
): Promise<CnmWorkload> {
  const container = node.docker.getContainer(id);
  const finding = {
    who: `${name} on ${node.name}, whose engine is back`,
    expected: `a container that runs, attached to ${network.name}`,
    got: "",
  };
  try {
    return await untilDone(`${name} to run again`, async () => {
      const seen = await container.inspect();
      const attached = seen.NetworkSettings.Networks[network.name]?.IPAddress;
      const { Running, Status, Error: said } = seen.State;
      finding.got = `${Status}${said ? `: ${said}` : ""}, ${attached || "no address"}`;
      expectThat(Running && !!attached, finding);
      return new CnmWorkload(scope, node, seen, network.name);
    });
  } catch (error) {
    if (!(error instanceof Nonconformance)) throw error;
    const reason = await explainUnattachedStart(node, { id, said: finding.got });
    throw reason ? new Nonconformance({ ...finding, ...reason }) : error;
  }
}

/** Does it again until it is not refused any more; throws what it was last refused with after `startMs`. */
async function untilDone<T>(what: string, work: () => Promise<T>): Promise<T> {
  let refused: Nonconformance | undefined;
  const attempt = async () => {
    try {
      return { made: await work() };
    } catch (error) {
      if (!(error instanceof Nonconformance)) return { error };
      refused = error;
      return undefined;
    }
  };
  const done = await until({ what, deadlineMs: startMs, everyMs: 200 }, attempt).catch((error: unknown) => {
    throw error instanceof DeadlineExceeded && refused ? refused : error;
  });
  if ("error" in done) throw done.error;
  return done.made;
}
