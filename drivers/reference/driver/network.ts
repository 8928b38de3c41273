import type { AdminClient } from "#drivers/reference/admin/client.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import {
  type CnmNetwork,
  type CnmWorkload,
  leaveNetwork,
  runContainer,
  uniqueName,
} from "#harness/workload/docker/network.ts";
import type { ConnectSpec, Network, NetworkView, WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** Where a network of the plugin belongs. */
export interface TenantNetwork {
  readonly tenant: string;
  /** Name within the tenant. */
  readonly network: string;
  /** It is on no bridge, and has no resolver there. */
  readonly routed: boolean;
}

/**
 * A network of the plugin on the engines of all nodes. Containers ask the network's resolver first: `docker run
 * --dns` of its address, then of the node's own servers, since the resolver refuses what it does not know.
 */
export class ReferenceNetwork implements Network {
  readonly name: string;
  readonly driver: string;
  readonly subnet: string;
  readonly nodes: readonly ClusterNode[];
  readonly #made: CnmNetwork;
  readonly #place: TenantNetwork;
  readonly #cluster: Cluster;
  readonly #admin: AdminClient;
  /** Docker network of a group of this tenant. */
  readonly #groupNetwork: (group: string) => string;
  /** Docker networks of those that joined a group, by their id. */
  readonly #members = new Map<string, string>();

  constructor(
    made: CnmNetwork,
    place: TenantNetwork,
    context: { cluster: Cluster; admin: AdminClient; groupNetwork: (group: string) => string },
  ) {
    this.#made = made;
    this.#place = place;
    this.#cluster = context.cluster;
    this.#admin = context.admin;
    this.#groupNetwork = context.groupNetwork;
    this.name = made.name;
    this.driver = made.driver;
    this.subnet = made.subnet;
    this.nodes = made.nodes;
  }

  /** Resolves once the container's name is known on every node. */
  async run(scope: Scope, node: ClusterNode, spec: WorkloadSpec = {}): Promise<CnmWorkload> {
    const name = spec.name ?? uniqueName("c");
    const { routed, ...place } = this.#place;
    const joined = spec.group === undefined ? this.name : this.#groupNetwork(spec.group);
    const resolvers = routed ? [] : [await this.#admin.call("resolverOf", place)];
    const workload = await runContainer(scope, node, {
      ...spec,
      name,
      network: joined,
      image: this.#cluster.image,
      dns: [...resolvers, ...(await nameServersOf(node))],
    });
    if (spec.group !== undefined) this.#members.set(workload.id, joined);
    if (!routed) await this.#admin.call("awaitName", { name });
    return workload;
  }

  inspect(node: ClusterNode): Promise<NetworkView> {
    return this.#made.inspect(node);
  }

  /** `docker network connect` of a running container; undone when `scope` closes. */
  connect(scope: Scope, workload: Workload, spec?: ConnectSpec): Promise<CnmWorkload> {
    return this.#made.connect(scope, workload, spec);
  }

  /** `docker network disconnect` of a running container, from the network of its group where it has one. */
  disconnect(workload: Workload): Promise<void> {
    return leaveNetwork(workload, this.#members.get(workload.id) ?? this.name);
  }
}

/** The node's own name servers, as far as a container can ask them. */
export async function nameServersOf(node: ClusterNode): Promise<string[]> {
  const configuration = await node.files.readText("/etc/resolv.conf");
  const servers = [...configuration.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server!);
  return servers.filter((server) => !/^(127\.|::1$)/.test(server));
}
