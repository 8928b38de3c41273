import type { InstalledDriver } from "#drivers/driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { assignIpv6, prefix6Of } from "#harness/cluster/ipv6.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, DeadlineExceeded } from "#harness/core/errors.ts";
import { addressOf, contains } from "#harness/core/ip.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import type { Network, NetworkSpec } from "#harness/workload/network.ts";
import type { Link, Workload } from "#harness/workload/workload.ts";

/** A network that carries IPv4 and IPv6. */
export interface DualStack {
  readonly network: Network;
  /** CIDR. */
  readonly subnet6: string;
}

/** Makes one, with subnets of its own where none are wanted. */
export async function createDualStack(
  scope: Scope,
  driver: InstalledDriver,
  spec: NetworkSpec = {},
): Promise<DualStack> {
  const subnet6 = spec.subnet6 ?? freshSubnet6();
  const network = await driver.createNetwork(scope, { subnet: freshSubnet(), ...spec, subnet6 });
  return { network, subnet6 };
}

/**
 * The address that a workload has on its link without anybody's doing (RFC 4291, section 2.5.6), as a neighbour of its network asks
 * for it: with the neighbour's interface. Undefined where it has none.
 */
export async function linkLocalOf(workload: Workload, neighbour: Workload): Promise<string | undefined> {
  const [own, theirs] = await Promise.all([linkOf(workload), linkOf(neighbour)]);
  const cidr = own?.addresses.find((one) => contains("fe80::/10", addressOf(one)));
  return cidr && theirs && `${addressOf(cidr)}%${theirs.name}`;
}

async function linkOf(workload: Workload): Promise<Link | undefined> {
  return (await workload.links()).find(({ mac }) => mac === workload.mac);
}

/** Hosts with an IPv6 address on the management network. */
export interface Ipv6Hosts {
  readonly external: Peer;
  /** In the order of the cluster's nodes. */
  readonly nodes: readonly Peer[];
}

/**
 * Gives every host an address on the management network, in a unique local prefix (RFC 4193) of the cluster's own, until `scope`
 * closes. Throws `Blocked` where the external host and a node do not reach each other by it.
 */
export async function addressHosts(scope: Scope, cluster: Cluster): Promise<Ipv6Hosts> {
  const prefix = prefix6Of(cluster.id, "management");
  const [external, ...nodes] = await Promise.all(
    [cluster.external, ...cluster.nodes].map(async (host) => ({
      ...hostPeer(scope, host),
      ip: await assignIpv6(scope, host, host.interfaces.management, prefix),
    })),
  );
  if (!external) throw new Blocked("the cluster has no external host");
  await Promise.all(nodes.map((node) => expectWay(external, node)));
  return { external, nodes };
}

async function expectWay(from: Peer, to: Peer): Promise<void> {
  const agent = await from.agent();
  await until({ what: `${from.name} to reach ${to.name} over IPv6`, deadlineMs: 10_000 }, async () => {
    const { received } = await agent.ping({ address: to.ip, timeoutMs: 1_000 });
    return received > 0;
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw new Blocked(
      `${from.name} and ${to.name} do not reach each other over IPv6 on the management network`,
      {
        cause: error,
      },
    );
  });
}
