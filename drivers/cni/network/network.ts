import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import {
  addressIn,
  attachedName,
  type CniWorkload,
  isCniWorkload,
} from "#harness/workload/cni/attachment.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { ConnectSpec, Network, NetworkView, WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { type Rendered, renderedSchema, withoutDefaultRoute } from "./rendered.ts";
import type { NodeRuntimes } from "./runtimes.ts";

const folder = "/run/netconform/cni/net.d";

/** How a configuration changes for some containers. */
export interface Variants {
  /** For an interface beside a container's first one. */
  readonly second: (config: Rendered) => Rendered;
  /** For a container with an address of its user's choice. */
  readonly placed?: (config: Rendered, address: string) => Rendered;
  /** For a member of a policy group. */
  readonly member?: (config: Rendered, group: string) => Rendered;
}

/** A CNI network: one configuration on each node. */
export class CniNetwork implements Network {
  readonly name: string;
  readonly driver: string;
  readonly subnet: string;
  readonly nodes: readonly ClusterNode[];
  readonly #runtimes: NodeRuntimes;
  readonly #configs: ReadonlyMap<ClusterNode, Rendered>;
  readonly #variants: Variants;

  constructor(
    runtimes: NodeRuntimes,
    given: {
      name: string;
      subnet: string;
      configs: ReadonlyMap<ClusterNode, Rendered>;
      variants?: Variants;
    },
  ) {
    this.name = given.name;
    this.subnet = given.subnet;
    this.nodes = [...given.configs.keys()];
    this.#runtimes = runtimes;
    this.#configs = given.configs;
    this.#variants = given.variants ?? { second: withoutDefaultRoute };
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

  async run(scope: Scope, node: ClusterNode, spec: WorkloadSpec = {}): Promise<CniWorkload> {
    const { cluster } = this.#runtimes;
    const { member, placed } = this.#variants;
    const { group, ip } = spec;
    if (group !== undefined && !member) throw new HarnessError(`${this.name} knows no groups`);
    const network = this.#configOf(node, (config) => {
      const own = ip !== undefined && placed ? placed(config, ip) : config;
      return group !== undefined && member ? member(own, group) : own;
    });
    const name = spec.name ?? uniqueName("c");
    const kind = spec.bare ? "namespace" : "container";
    const own = scope.child(`${kind} ${name} on ${node.name}`, { kind: "workload" });
    const runtime = this.#runtimes.of(node);
    const workload = await runtime.run(own, { ...spec, name, network, image: cluster.image });
    await announce("workload started", { workload, network: this.name, scope: own });
    return workload;
  }

  async connect(scope: Scope, workload: Workload, spec?: ConnectSpec): Promise<CniWorkload> {
    const { node } = workload;
    const config = this.#configOf(node, this.#variants.second);
    const joined = await this.#runtimes.of(node).connect(scope, attached(workload), config, spec);
    await announce("workload connected", { workload: joined, network: this.name, scope });
    return joined;
  }

  async disconnect(workload: Workload): Promise<void> {
    await attached(workload).detach();
    await announce("workload disconnected", { workload, network: this.name });
  }

  /** From the configuration and the results that the node keeps. */
  async inspect(node: ClusterNode): Promise<NetworkView> {
    const text = await node.files.readText(this.#file());
    const config = renderedSchema.parse(JSON.parse(text));
    const attachments = await this.#runtimes.of(node).attachments(config.name);
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

  #configOf(node: ClusterNode, vary: (config: Rendered) => Rendered): Rendered {
    const config = this.#configs.get(node);
    if (!config) throw new HarnessError(`${this.name} has no configuration for ${node.name}`);
    return vary(config);
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
  return plugins.flatMap(({ ipam, subnet }) => [
    ...(subnet ? [subnet] : []),
    ...(ipam?.subnet ? [ipam.subnet] : []),
    ...(ipam?.ranges ?? []).flatMap((set) => set.map(({ subnet }) => subnet)),
  ]);
}
