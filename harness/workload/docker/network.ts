import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { allEnded } from "#harness/core/async/all-ended.ts";
import { announce } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, EngineRefused, HarnessError, type Nonconformance } from "#harness/core/errors.ts";
import type { ExecOptions, ExecResult } from "#harness/host/host.ts";
import { execInContainer, NamespacedWorkload } from "#harness/workload/namespaced.ts";
import type {
  ConnectSpec,
  Network,
  NetworkView,
  PublishSpec,
  WorkloadSpec,
} from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { idleContainer, makeContainer } from "./container.ts";
import { deferRemoval, removed } from "./creation.ts";
import { explainMissingPlugin } from "./missing-plugin.ts";
import { explainUnattached } from "./unattached.ts";
import { untilEngines } from "./until-engines.ts";

/** A name that no other object of this or another run has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString("hex")}`;
}

/** Calls the engine on behalf of the plugin: a refusal is the plugin's failure, a lost connection the harness's error. */
export async function askEngine<T>(node: ClusterNode, what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === undefined) throw error;
    throw await refusalOf(node, what, error);
  }
}

/** What an engine refused, with where it looks for a plugin that it does not find, or why its swarm attached no container. */
async function refusalOf(node: ClusterNode, what: string, error: unknown): Promise<EngineRefused> {
  const { statusCode, json, message } = error as {
    statusCode: number;
    json?: { message?: string };
    message: string;
  };
  const said = json?.message ?? message;
  const explained = (await explainMissingPlugin(node, said)) ?? (await explainUnattached(node, said));
  return new EngineRefused({
    who: `${node.name}: ${what}`,
    expected: "success",
    got: `HTTP ${statusCode}: ${said}`,
    ...explained,
  });
}

/** A container on a network of the Container Network Model. */
export class CnmWorkload extends NamespacedWorkload {
  readonly container: Docker.Container;

  constructor(scope: Scope, node: ClusterNode, inspected: Docker.ContainerInspectInfo, network: string) {
    const endpoint = inspected.NetworkSettings.Networks[network];
    if (!endpoint) throw new HarnessError(`${inspected.Name} is not attached to ${network}`);
    super(scope, {
      node,
      id: inspected.Id,
      name: inspected.Name.replace(/^\//, ""),
      ip: endpoint.IPAddress,
      prefix: endpoint.IPPrefixLen,
      mac: endpoint.MacAddress,
      netns: `/proc/${inspected.State.Pid}/ns/net`,
    });
    this.container = node.docker.getContainer(inspected.Id);
  }

  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execInContainer(this.node, this.name, argv, options);
  }
}

/** What `docker run` needs besides network and image. */
export interface ContainerSpec extends WorkloadSpec {
  image: string;
  network: string;
  /** Name servers for the container, instead of the node's. */
  dns?: string[];
}

/**
 * `docker run -itd --net=NETWORK IMAGE /bin/sh`, as the tutorial does; removed when `scope` closes.
 * Throws `Nonconformance` when the plugin does not give it an endpoint.
 */
export async function runContainer(
  scope: Scope,
  node: ClusterNode,
  spec: ContainerSpec,
): Promise<CnmWorkload> {
  const name = spec.name ?? uniqueName("c");
  const bindings = bindingsOf(spec.publish ?? []);
  const own = scope.child(`container ${name} on ${node.name}`, { kind: "workload" });
  const container = await makeContainer(own, node, {
    ...idleContainer(name, spec.image),
    ...(spec.command ? { Cmd: [...spec.command] } : {}),
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    HostConfig: {
      NetworkMode: spec.network,
      PortBindings: bindings,
      ...(spec.restart ? { RestartPolicy: { Name: spec.restart } } : {}),
      ...(spec.dns ? { Dns: spec.dns } : {}),
    },
    ...(spec.ip || spec.ip6
      ? { NetworkingConfig: { EndpointsConfig: { [spec.network]: { IPAMConfig: fixedAddresses(spec) } } } }
      : {}),
  });
  await askEngine(node, `docker run --net=${spec.network} --name=${name}`, container.start());
  const workload = new CnmWorkload(own, node, await container.inspect(), spec.network);
  await announce("workload started", { workload, network: spec.network, scope: own });
  return workload;
}

function fixedAddresses({ ip, ip6 }: Pick<WorkloadSpec, "ip" | "ip6">) {
  return { ...(ip ? { IPv4Address: ip } : {}), ...(ip6 ? { IPv6Address: ip6 } : {}) };
}

/** As `HostConfig.PortBindings` has it: one port can be published at several addresses. */
function bindingsOf(publish: readonly PublishSpec[]): Docker.PortMap {
  const bindings: Docker.PortMap = {};
  for (const { port, protocol = "tcp", hostPort, address = "" } of publish) {
    const key = `${port}/${protocol}`;
    bindings[key] ??= [];
    bindings[key].push({ HostIp: address, HostPort: wordOf(hostPort) });
  }
  return bindings;
}

/** `8080`, `8080-8089`, or nothing where the engine is to choose. */
function wordOf(hostPort: PublishSpec["hostPort"] | "" = ""): string {
  return typeof hostPort === "object" ? `${hostPort.from}-${hostPort.to}` : String(hostPort);
}

/** How a CNM network is made on the engines. */
export interface CnmNetworkSpec {
  name: string;
  driver: string;
  subnet: string;
  gateway?: string;
  subnet6?: string;
  ipamDriver?: string;
  ipamOptions?: Record<string, string>;
  options?: Record<string, string>;
  /** Further options that differ from node to node. */
  optionsOn?: (node: ClusterNode) => Record<string, string>;
  /** The part of the subnet (CIDR) that a node gives out, where engines share it without knowing of each other. */
  rangeOn?: (node: ClusterNode) => string;
  /** As `rangeOn`, of the IPv6 subnet. */
  range6On?: (node: ClusterNode) => string;
  attachable?: boolean;
  /** No egress, nothing published; default false. */
  internal?: boolean;
  /** Engines on which it is created; with global scope one of them suffices. */
  createOn: readonly ClusterNode[];
  /** Name servers for the containers on it. */
  dns?: string[];
}

/** A network of the Container Network Model, made through the engines' API; removed when `scope` closes. */
export async function createCnmNetwork(
  scope: Scope,
  cluster: Cluster,
  spec: CnmNetworkSpec,
): Promise<CnmNetwork> {
  // Engines that did not create the network themselves drop it on their own, a little later.
  scope.defer(`network ${spec.name} on every node`, () => untilEngines(cluster, spec.name, "forget"));
  // Told only when every engine has answered: a network that is made a little later would not be removed.
  await allEnded(spec.createOn.map((node) => createOn(scope, node, spec)));
  const network = new CnmNetwork(cluster, spec);
  await announce("network created", { network, scope });
  return network;
}

async function createOn(scope: Scope, node: ClusterNode, spec: CnmNetworkSpec): Promise<void> {
  const create = node.docker.createNetwork({
    Name: spec.name,
    Driver: spec.driver,
    CheckDuplicate: true,
    Attachable: spec.attachable ?? false,
    Internal: spec.internal ?? false,
    EnableIPv6: spec.subnet6 !== undefined,
    IPAM: {
      Driver: spec.ipamDriver ?? "default",
      Config: [
        {
          Subnet: spec.subnet,
          ...(spec.gateway ? { Gateway: spec.gateway } : {}),
          ...(spec.rangeOn ? { IPRange: spec.rangeOn(node) } : {}),
        },
        ...(spec.subnet6
          ? [{ Subnet: spec.subnet6, ...(spec.range6On ? { IPRange: spec.range6On(node) } : {}) }]
          : []),
      ],
      ...(spec.ipamOptions ? { Options: spec.ipamOptions } : {}),
    },
    Options: { ...spec.options, ...spec.optionsOn?.(node) },
    Labels: { netconform: "network" },
  });
  deferRemoval(scope, {
    what: `network ${spec.name} on ${node.name}`,
    answer: create,
    remove: () => removeNetwork(node, spec.name),
  });
  await askEngine(
    node,
    `docker network create --driver=${spec.driver} --subnet=${spec.subnet} ${spec.name}`,
    create,
  );
}

/**
 * `docker network rm`. The engine refuses while it still tears an endpoint down, so removal is polled for. Resolves to whether the
 * network was there. Throws `Nonconformance` where the engine refuses to the end.
 */
export async function removeNetwork(node: ClusterNode, name: string): Promise<boolean> {
  let refused: Nonconformance | undefined;
  let wasThere = false;
  await until({ what: `network ${name} to be removable on ${node.name}`, deadlineMs: 20_000 }, async () => {
    refused = undefined;
    try {
      wasThere = (await removed(node.docker.getNetwork(name).remove())) || wasThere;
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      refused =
        statusCode === undefined ? undefined : await refusalOf(node, `docker network rm ${name}`, error);
      throw error;
    }
    return true;
  }).catch((error: unknown) => {
    throw error instanceof DeadlineExceeded && refused ? refused : error;
  });
  return wasThere;
}

export class CnmNetwork implements Network {
  readonly name: string;
  readonly driver: string;
  readonly subnet: string;
  readonly nodes: readonly ClusterNode[];
  readonly #cluster: Cluster;
  readonly #dns: string[] | undefined;

  constructor(cluster: Cluster, spec: CnmNetworkSpec) {
    this.#cluster = cluster;
    this.#dns = spec.dns;
    this.name = spec.name;
    this.driver = spec.driver;
    this.subnet = spec.subnet;
    this.nodes = cluster.nodes;
  }

  run(scope: Scope, node: ClusterNode, spec: WorkloadSpec = {}): Promise<CnmWorkload> {
    return runContainer(scope, node, {
      ...spec,
      network: this.name,
      image: this.#cluster.image,
      ...(this.#dns ? { dns: this.#dns } : {}),
    });
  }

  inspect(node: ClusterNode): Promise<NetworkView> {
    return inspectNetwork(node, this.name);
  }

  /** `docker network connect` of a running container; undone when `scope` closes. */
  async connect(scope: Scope, workload: Workload, spec: ConnectSpec = {}): Promise<CnmWorkload> {
    const { ip, ip6 } = spec;
    const network = workload.node.docker.getNetwork(this.name);
    const asked = [...(ip ? [`--ip=${ip}`] : []), ...(ip6 ? [`--ip6=${ip6}`] : [])];
    const what = ["docker network connect", ...asked, this.name, workload.name].join(" ");
    const endpoint = ip || ip6 ? { EndpointConfig: { IPAMConfig: fixedAddresses(spec) } } : {};
    const answer = network.connect({ Container: workload.id, ...endpoint });
    deferRemoval(scope, {
      what: `${workload.name} on ${this.name}`,
      answer,
      remove: () => leave(network, workload),
    });
    await askEngine(workload.node, what, answer);
    const inspected = await workload.node.docker.getContainer(workload.id).inspect();
    const joined = new CnmWorkload(scope, workload.node, inspected, this.name);
    await announce("workload connected", { workload: joined, network: this.name, scope });
    return joined;
  }

  /** `docker network disconnect` of a running container. */
  disconnect(workload: Workload): Promise<void> {
    return leaveNetwork(workload, this.name);
  }
}

/** `docker network disconnect` of a running container. */
export async function leaveNetwork(workload: Workload, name: string): Promise<void> {
  const network = workload.node.docker.getNetwork(name);
  const what = `docker network disconnect ${name} ${workload.name}`;
  await askEngine(workload.node, what, network.disconnect({ Container: workload.id }));
  await announce("workload disconnected", { workload, network: name });
}

/** `docker network inspect` on a node. */
export async function inspectNetwork(node: ClusterNode, name: string): Promise<NetworkView> {
  return viewOf(
    await askEngine(node, `docker network inspect ${name}`, node.docker.getNetwork(name).inspect()),
  );
}

/** The container, or its endpoint, may be gone already. Resolves to whether it was there. */
async function leave(network: Docker.Network, workload: Workload): Promise<boolean> {
  const inspected: InspectedNetwork | undefined = await network
    .inspect()
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
      return undefined;
    });
  if (!inspected?.Containers?.[workload.id]) return false;
  return removed(network.disconnect({ Container: workload.id, Force: true }));
}

interface ContainerEndpoint {
  Name: string;
  MacAddress: string;
  IPv4Address: string;
  IPv6Address: string;
}

interface InspectedNetwork {
  Name: string;
  Driver: string;
  Scope: string;
  IPAM?: { Config?: { Subnet?: string | undefined }[] | null | undefined } | undefined;
  Containers?: Record<string, ContainerEndpoint> | null | undefined;
}

function viewOf(network: InspectedNetwork): NetworkView {
  const containers = Object.entries(network.Containers ?? {}).map(([id, container]) => [
    id,
    {
      name: container.Name,
      mac: container.MacAddress,
      ipv4: container.IPv4Address,
      ipv6: container.IPv6Address,
    },
  ]);
  return {
    name: network.Name,
    driver: network.Driver,
    scope: network.Scope,
    subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : [])),
    containers: Object.fromEntries(containers),
  };
}
