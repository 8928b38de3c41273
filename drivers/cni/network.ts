import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { type NetworkConfig, parseNetworkConfig } from "#harness/cni/config.ts";
import type { CniRuntime } from "#harness/cni/runtime.ts";
import { HarnessError } from "#harness/errors.ts";
import { announce } from "#harness/events.ts";
import type { Scope } from "#harness/scope.ts";
import {
  addressIn,
  attachedName,
  type CniWorkload,
  isCniWorkload,
  joinCniNetwork,
  runCniWorkload,
} from "#harness/workload/cni.ts";
import type { Workload } from "#harness/workload/workload.ts";
import type { Network, NetworkView, WorkloadSpec } from "../driver.ts";
import { type Rendered, renderedSchema, withoutDefaultRoute } from "./rendered.ts";

const folder = "/run/netconform/cni/net.d";

/** The nodes with the runtime of each. */
export interface Runtimes {
  readonly cluster: Cluster;
  of(node: ClusterNode): CniRuntime;
}

/** A CNI network: one configuration on each node. */
export class CniNetwork implements Network {
  readonly name: string;
  readonly driver: string;
  readonly subnet: string;
  readonly nodes: readonly ClusterNode[];
  readonly #runtimes: Runtimes;
  readonly #configs: ReadonlyMap<ClusterNode, Rendered>;

  constructor(
    runtimes: Runtimes,
    given: { name: string; subnet: string; configs: ReadonlyMap<ClusterNode, Rendered> },
  ) {
    this.name = given.name;
    this.subnet = given.subnet;
    this.nodes = [...given.configs.keys()];
    this.#runtimes = runtimes;
    this.#configs = given.configs;
    const [first] = given.configs.values();
    this.driver = first ? describePlugins(first) : "";
  }

  /** Puts the configuration of every node where its runtime reads it; removed when `scope` closes. */
  async install(scope: Scope): Promise<void> {
    await Promise.all(
      [...this.#configs].map(async ([node, config]) => {
        const file = this.#file();
        await node.files.write(file, JSON.stringify(config));
        scope.defer(`${file} on ${node.name}`, () => node.files.remove(file), { kind: "configuration" });
      }),
    );
    await announce("network created", { network: this, scope });
  }

  run(scope: Scope, node: ClusterNode, spec: WorkloadSpec = {}): Promise<CniWorkload> {
    const { cluster } = this.#runtimes;
    const network = this.#configOf(node);
    return runCniWorkload(scope, node, {
      ...spec,
      network,
      runtime: this.#runtimes.of(node),
      image: cluster.image,
    });
  }

  connect(scope: Scope, workload: Workload): Promise<CniWorkload> {
    const { node } = workload;
    const config = this.#configOf(node, { defaultRoute: false });
    return joinCniNetwork(scope, this.#runtimes.of(node), attached(workload), config);
  }

  async disconnect(workload: Workload): Promise<void> {
    await attached(workload).detach();
    await announce("workload disconnected", { workload, network: this.name });
  }

  /** From the configuration and the results that the node keeps. */
  async inspect(node: ClusterNode): Promise<NetworkView> {
    const text = await node.files.readText(this.#file());
    const config = renderedSchema.parse(JSON.parse(text));
    const attachments = await this.#runtimes.of(node).attachments(config);
    const containers = attachments.map((attachment) => {
      const { containerId, ifName, result } = attachment;
      const {
        ip,
        prefix,
        mac = "",
      } = addressIn(result, ifName, `${node.name}: the result of ${containerId}`);
      return [containerId, { name: attachedName(attachment), mac, ipv4: `${ip}/${prefix}`, ipv6: "" }];
    });
    return {
      name: config.name,
      driver: describePlugins(config),
      scope: "local",
      subnets: subnetsOf(config),
      containers: Object.fromEntries(containers),
    };
  }

  #file(): string {
    return `${folder}/${this.name}.conflist`;
  }

  #configOf(node: ClusterNode, { defaultRoute = true } = {}): NetworkConfig {
    const config = this.#configs.get(node);
    if (!config) throw new HarnessError(`${this.name} has no configuration for ${node.name}`);
    const wanted = defaultRoute ? config : withoutDefaultRoute(config);
    return parseNetworkConfig(JSON.stringify(wanted), `${this.#file()} on ${node.name}`);
  }
}

function attached(workload: Workload): CniWorkload {
  if (isCniWorkload(workload)) return workload;
  throw new HarnessError(`${workload.name} was not attached through CNI`);
}

/** `bridge+portmap+firewall` */
function describePlugins({ plugins }: Rendered): string {
  return plugins.map(({ type }) => type).join("+");
}

function subnetsOf({ plugins }: Rendered): string[] {
  return plugins.flatMap(({ ipam }) => [
    ...(ipam?.subnet ? [ipam.subnet] : []),
    ...(ipam?.ranges ?? []).flatMap((set) => set.map(({ subnet }) => subnet)),
  ]);
}
