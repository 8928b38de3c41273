import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { CniAttachment } from "#harness/cni/protocol/request.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import type { NetworkConfig } from "#harness/cni/runtime/config.ts";
import type { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { isLoss, Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { addressOf, familyOf, isCidr, prefixOf } from "#harness/core/ip.ts";
import { freshMac } from "#harness/core/random.ts";
import type { ExecOptions, ExecResult } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { idleContainer, makeContainer } from "#harness/workload/docker/container.ts";
import { askEngine, uniqueName } from "#harness/workload/docker/network.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import { execInContainer, NamespacedWorkload, type WorkloadIdentity } from "#harness/workload/namespaced.ts";
import type { ConnectSpec, PublishSpec, WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** A network namespace that plugins can put interfaces into. */
interface Sandbox {
  readonly name: string;
  /** The CNI container id. */
  readonly id: string;
  readonly node: ClusterNode;
  /** Path on the node. */
  readonly netns: string;
  /** Whether it is the namespace of a container. */
  readonly contained: boolean;
  /** File on the node that is the container's /etc/resolv.conf. */
  readonly resolvConf?: string;
}

/** One interface of a sandbox in a CNI network; the sandbox may have others. */
export class CniWorkload extends NamespacedWorkload {
  /** What ADD answered. */
  readonly result: AddResult;
  readonly sandbox: Sandbox;
  readonly #remove: () => Promise<void>;
  #removed: Promise<void> | undefined;

  constructor(
    scope: Scope,
    identity: WorkloadIdentity,
    given: { sandbox: Sandbox; result: AddResult; remove: () => Promise<void> },
  ) {
    super(scope, identity);
    this.sandbox = given.sandbox;
    this.result = given.result;
    this.#remove = given.remove;
  }

  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return this.sandbox.contained
      ? execInContainer(this.node, this.name, argv, options)
      : this.inNetns(argv, options);
  }

  /** DEL, once; again where it was not seen to its end. */
  detach(): Promise<void> {
    this.#removed ??= this.#remove().catch((error: unknown) => {
      if (isLoss(error)) this.#removed = undefined;
      throw error;
    });
    return this.#removed;
  }
}

/** What a runtime does for a container: namespace first, then ADD; removed the other way round when `scope` closes. */
export async function runCniWorkload(
  scope: Scope,
  node: ClusterNode,
  spec: WorkloadSpec & { runtime: CniRuntime; network: NetworkConfig; image: string },
): Promise<CniWorkload> {
  const { runtime, network, image, ip, ip6, publish = [], bare = false } = spec;
  const name = spec.name ?? uniqueName("c");
  const own = scope.child(`${bare ? "namespace" : "container"} ${name} on ${node.name}`, {
    kind: "workload",
  });
  const sandbox = await (bare ? addNamespace(own, node, name) : runUnconnected(own, node, name, image));
  const workload = await attach(own, runtime, sandbox, network, {
    ifName: "eth0",
    capabilityArgs: {
      aliases: [name],
      mac: freshMac(),
      ...(ip || ip6 ? { ips: [ip, ip6].filter((one) => one !== undefined) } : {}),
      ...(publish.length > 0
        ? {
            portMappings: publish.map(portMappingOf),
          }
        : {}),
    },
  });
  await announce("workload started", { workload, network: network.name, scope: own });
  return workload;
}

/** The capability argument `portMappings` (CNI conventions); throws `Unsupported` where the port would be the runtime's choice. */
function portMappingOf({ port, protocol = "tcp", hostPort, address }: PublishSpec) {
  if (typeof hostPort !== "number") throw new Unsupported("CNI has no port that is chosen for a workload");
  return { hostPort, containerPort: port, protocol, ...(address ? { hostIP: address } : {}) };
}

/** ADD with one more interface for a sandbox that has some already. */
export async function joinCniNetwork(
  scope: Scope,
  runtime: CniRuntime,
  workload: CniWorkload,
  network: NetworkConfig,
  { ip }: ConnectSpec = {},
): Promise<CniWorkload> {
  const taken = new Set((await workload.links()).map(({ name }) => name));
  let number = 1;
  while (taken.has(`eth${number}`)) number++;
  const joined = await attach(scope, runtime, workload.sandbox, network, {
    ifName: `eth${number}`,
    capabilityArgs: { aliases: [workload.name], mac: freshMac(), ...(ip ? { ips: [ip] } : {}) },
  });
  await announce("workload connected", { workload: joined, network: network.name, scope });
  return joined;
}

/** `docker run --net=none`: a namespace with nothing in it but loopback. */
async function runUnconnected(
  scope: Scope,
  node: ClusterNode,
  name: string,
  image: string,
): Promise<Sandbox> {
  const container = await makeContainer(scope, node, {
    ...idleContainer(name, image),
    HostConfig: { NetworkMode: "none" },
  });
  await askEngine(node, `docker run --net=none --name=${name}`, container.start());
  const { Id, State, ResolvConfPath } = await container.inspect();
  const netns = `/proc/${State.Pid}/ns/net`;
  return { name, id: Id, node, netns, contained: true, resolvConf: ResolvConfPath };
}

async function addNamespace(scope: Scope, node: ClusterNode, name: string): Promise<Sandbox> {
  await withUndo(scope, node, ["ip", "netns", "add", name], ["ip", "netns", "del", name]);
  await node.run(["ip", "-netns", name, "link", "set", "lo", "up"]);
  return { name, id: name, node, netns: `/run/netns/${name}`, contained: false };
}

async function attach(
  scope: Scope,
  runtime: CniRuntime,
  sandbox: Sandbox,
  network: NetworkConfig,
  details: Pick<CniAttachment, "ifName" | "capabilityArgs">,
): Promise<CniWorkload> {
  const { name, id, node, netns } = sandbox;
  const attachment: CniAttachment = {
    containerId: id,
    netns,
    args: { IgnoreUnknown: "1", [nameArgument]: name },
    ...details,
  };
  const remove = () => runtime.del(network, attachment);
  const result = await runtime.add(network, attachment).catch((error: unknown) => {
    // Nobody knows how far ADD got; DEL can be called all the same.
    if (isLoss(error)) scope.defer(`${name}'s ${details.ifName} in ${network.name}`, remove);
    throw error;
  });
  // Before anything else can throw.
  let detach = remove;
  scope.defer(`${name}'s ${details.ifName} in ${network.name}`, () => detach());
  const { ip, prefix, mac } = addressIn(result, details.ifName, `${node.name}: ADD of ${name}`);
  const servers = result.dns?.nameservers ?? [];
  await nameServers(sandbox, servers);
  const identity = {
    ...{ name, id, node, ip, prefix, netns },
    mac: mac ?? (await macOf(sandbox, details.ifName)),
    ...(servers[0] === undefined ? {} : { nameserver: servers[0] }),
  };
  const workload = new CniWorkload(scope, identity, { sandbox, result, remove });
  detach = () => workload.detach();
  return workload;
}

/** Applying `dns` is the runtime's part: its name servers come before those that the engine gave the container. */
async function nameServers({ node, resolvConf }: Sandbox, servers: readonly string[]): Promise<void> {
  if (resolvConf === undefined || servers.length === 0) return;
  const present = await node.files.readText(resolvConf);
  const lines = servers.map((server) => `nameserver ${server}\n`).filter((line) => !present.includes(line));
  // In place, since the container has this very file mounted.
  await node.run(["sh", "-c", 'cat >"$1"', "sh", resolvConf], { input: `${lines.join("")}${present}` });
}

/** The convention by which runtimes tell plugins the name beside the id. */
const nameArgument = "K8S_POD_NAME";

/** The name a container was attached under, from the arguments of its ADD. */
export function attachedName({ args }: { args?: Readonly<Record<string, string>> | undefined }): string {
  return args?.[nameArgument] ?? "";
}

/**
 * The container's IPv4 address and MAC in an ADD result (specification, section 5, "ADD Success").
 * Throws `Nonconformance` when it has no address for the container.
 */
export function addressIn(
  result: AddResult,
  ifName: string,
  who: string,
): { ip: string; prefix: number; mac: string | undefined } {
  const { interfaces = [], ips = [] } = result;
  const found = ips.find(
    ({ address, interface: index }) =>
      isCidr(address) &&
      familyOf(address) === 4 &&
      (index === undefined || interfaces[index]?.name === ifName),
  );
  if (!found) {
    throw new Nonconformance({
      who,
      expected: `an IPv4 address for ${ifName}`,
      got: ips.map(({ address }) => address).join(", ") || "none",
    });
  }
  const mac = interfaces.find(({ name, sandbox }) => name === ifName && sandbox)?.mac;
  return { ip: addressOf(found.address), prefix: prefixOf(found.address), mac };
}

/** A result need not tell the MAC. */
async function macOf({ node, netns }: Sandbox, ifName: string): Promise<string> {
  const links = parseLinks(await node.run(["nsenter", `--net=${netns}`, ...listLinks]));
  return links.find(({ name }) => name === ifName)?.mac ?? "";
}

/** Whether a workload was attached through CNI. */
export function isCniWorkload(workload: Workload): workload is CniWorkload {
  return workload instanceof CniWorkload;
}
