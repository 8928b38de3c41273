import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { CnmNetwork, type CnmWorkload, runContainer } from "#harness/workload/docker/network.ts";
import type { ConnectSpec, Network, NetworkView, WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** Contiv's default tenant, whose networks have no suffix. */
export const defaultTenant = "default";

/** The name that a network or group of a tenant has among Docker's. */
export function dockerName(name: string, tenant: string = defaultTenant): string {
  return tenant === defaultTenant ? name : `${name}/${tenant}`;
}

/** Runs work that Contiv has a part in; what its daemons have to do with a failure is told with it. */
export type Guard = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * A network that netmaster has made on the engines; they are not asked for it, so `createCnmNetwork` and with it `onAttached` do
 * not know of it.
 */
export class ContivNetwork implements Network {
  readonly name: string;
  readonly driver: string;
  readonly subnet: string;
  readonly nodes: readonly ClusterNode[];
  readonly #made: CnmNetwork;
  readonly #cluster: Cluster;
  readonly #guard: Guard;
  readonly #groupNetwork: (group: string) => string;

  constructor(cluster: Cluster, spec: { name: string; tenant: string; subnet: string }, guard: Guard) {
    const name = dockerName(spec.name, spec.tenant);
    this.#made = new CnmNetwork(cluster, { name, driver: "netplugin", subnet: spec.subnet, createOn: [] });
    this.#cluster = cluster;
    this.#guard = guard;
    this.#groupNetwork = (group) => dockerName(group, spec.tenant);
    this.name = name;
    this.driver = this.#made.driver;
    this.subnet = spec.subnet;
    this.nodes = cluster.nodes;
  }

  run(scope: Scope, node: ClusterNode, spec: WorkloadSpec = {}): Promise<CnmWorkload> {
    const network = spec.group === undefined ? this.name : this.#groupNetwork(spec.group);
    return this.#guard(() => runContainer(scope, node, { ...spec, network, image: this.#cluster.image }));
  }

  inspect(node: ClusterNode): Promise<NetworkView> {
    return this.#made.inspect(node);
  }

  connect(scope: Scope, workload: Workload, spec?: ConnectSpec): Promise<CnmWorkload> {
    return this.#guard(() => this.#made.connect(scope, workload, spec));
  }

  disconnect(workload: Workload): Promise<void> {
    return this.#guard(() => this.#made.disconnect(workload));
  }
}
