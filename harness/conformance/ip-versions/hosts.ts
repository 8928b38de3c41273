import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { assignIpv6, prefix6Of } from "#harness/cluster/ipv6.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, DeadlineExceeded, HarnessError } from "#harness/core/errors.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import type { IpVersion } from "./stacked.ts";

/** The hosts of a cluster by their addresses of one IP version on the management network. */
export interface Hosts {
  readonly external: Peer;
  /** In the order of the cluster's nodes. */
  readonly nodes: readonly Peer[];
  /** The cluster's first node. */
  readonly node: Peer;
  readonly loopback: string;
}

/** The node among them. */
export function peerOf({ nodes }: Hosts, { name }: Pick<ClusterNode, "name">): Peer {
  const peer = nodes.find((node) => node.name === name);
  if (!peer) throw new HarnessError(`${name} is no node of ${nodes.map((node) => node.name).join(", ")}`);
  return peer;
}

/** The hosts by their addresses of each version. */
export interface StackedHosts {
  over(version: IpVersion): Hosts;
}

/**
 * The hosts as each of those IP versions reaches them. For IPv6 every host has an address on the management network, in a unique local
 * prefix (RFC 4193) of the cluster's own, until `scope` closes. Throws `Blocked` where the external host and a node do not reach each
 * other by it.
 */
export async function addressHosts(
  scope: Scope,
  cluster: Cluster,
  versions: readonly IpVersion[],
): Promise<StackedHosts> {
  const peers = [cluster.external, ...cluster.nodes].map((host) => hostPeer(scope, host));
  const sets = new Map<IpVersion, Hosts>([[4, hostsOf(peers, "127.0.0.1")]]);
  if (versions.includes(6)) {
    const prefix = prefix6Of(cluster.id, "management");
    const over6 = await Promise.all(
      [cluster.external, ...cluster.nodes].map(async (host, index) => ({
        ...peers[index]!,
        ip: await assignIpv6(scope, host, host.interfaces.management, prefix),
      })),
    );
    const hosts = hostsOf(over6, "::1");
    await Promise.all(hosts.nodes.map((node) => expectWay(hosts.external, node)));
    sets.set(6, hosts);
  }
  return {
    over(version) {
      const hosts = sets.get(version);
      if (!hosts) throw new HarnessError(`the hosts have no IPv${version} addresses`);
      return hosts;
    },
  };
}

function hostsOf([external, ...nodes]: readonly Peer[], loopback: string): Hosts {
  const [node] = nodes;
  if (!external || !node) throw new HarnessError("a cluster has an external host and at least one node");
  return { external, nodes, node, loopback };
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
