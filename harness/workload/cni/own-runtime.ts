import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { cleanupOf } from "#harness/cni/protocol/errors.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { CniAttachment } from "#harness/cni/protocol/request.ts";
import { networkConfigOf } from "#harness/cni/runtime/config.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { isLoss } from "#harness/core/errors.ts";
import { freshMac } from "#harness/core/random.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { idleContainer, makeContainer } from "#harness/workload/docker/container.ts";
import { askEngine } from "#harness/workload/docker/network.ts";
import { execInContainer } from "#harness/workload/namespaced.ts";
import type { ConnectSpec } from "#harness/workload/network.ts";
import { type CniWorkload, nameArgument, type Sandbox, workloadOf } from "./attachment.ts";
import {
  chosenPort,
  type KnownAttachment,
  type WantedWorkload,
  type WorkloadRuntime,
  type WrittenNetwork,
} from "./workload-runtime.ts";

/** A sandbox whose name servers are ours to set. */
interface OwnSandbox extends Sandbox {
  /** File on the node that is the container's /etc/resolv.conf. */
  readonly resolvConf?: string;
}

/** The project's own runtime on a node: containers of its engine without a network, or bare namespaces, and the calls for them. */
export class OwnWorkloads implements WorkloadRuntime {
  readonly #node: ClusterNode;
  readonly #runtime: CniRuntime;
  readonly #calls = new Map<string, Invocation[]>();

  /** `path`: folders on the node with plugins. */
  constructor(node: ClusterNode, path: readonly string[]) {
    this.#node = node;
    const observe = (call: Invocation) => {
      const id = call.env.CNI_CONTAINERID ?? "";
      this.#calls.set(id, [...this.callsOf(id), call]);
    };
    this.#runtime = new CniRuntime({ host: node, path, observe });
  }

  callsOf(containerId: string): readonly Invocation[] {
    return this.#calls.get(containerId) ?? [];
  }

  attachments(network: string): Promise<KnownAttachment[]> {
    return this.#runtime.attachments({ name: network });
  }

  /** What a runtime does for a container: namespace first, then ADD; removed the other way round when `scope` closes. */
  async run(scope: Scope, spec: WantedWorkload): Promise<CniWorkload> {
    const { name, network, image, ip, ip6, publish = [], bare = false } = spec;
    const node = this.#node;
    const sandbox = await (bare ? addNamespace(scope, node, name) : runUnconnected(scope, node, name, image));
    return this.#attach(scope, sandbox, network, {
      ifName: "eth0",
      capabilityArgs: {
        aliases: [name],
        mac: freshMac(),
        ...fixedAddresses(ip, ip6),
        ...(publish.length > 0 ? { portMappings: publish.map(chosenPort) } : {}),
      },
    });
  }

  /** ADD with one more interface for a sandbox that has some already. */
  async connect(
    scope: Scope,
    workload: CniWorkload,
    network: WrittenNetwork,
    { ip, ip6 }: ConnectSpec = {},
  ): Promise<CniWorkload> {
    const taken = new Set((await workload.links()).map(({ name }) => name));
    let number = 1;
    while (taken.has(`eth${number}`)) number++;
    return this.#attach(scope, workload.sandbox, network, {
      ifName: `eth${number}`,
      capabilityArgs: { aliases: [workload.name], mac: freshMac(), ...fixedAddresses(ip, ip6) },
    });
  }

  async #attach(
    scope: Scope,
    sandbox: OwnSandbox,
    written: WrittenNetwork,
    details: Pick<CniAttachment, "ifName" | "capabilityArgs">,
  ): Promise<CniWorkload> {
    const { name, id, node, netns } = sandbox;
    const network = networkConfigOf(written, `${written.name} on ${node.name}`);
    const attachment: CniAttachment = {
      containerId: id,
      netns,
      args: { IgnoreUnknown: "1", [nameArgument]: name },
      ...details,
    };
    const remove = () => this.#runtime.del(network, attachment);
    const result = await this.#runtime.add(network, attachment).catch((error: unknown) => {
      // Nobody knows how far ADD got; DEL can be called all the same.
      if (isLoss(error) || cleanupOf(error).some(isLoss))
        scope.defer(`${name}'s ${details.ifName} in ${network.name}`, remove);
      throw error;
    });
    // Before anything else can throw.
    let detach = remove;
    scope.defer(`${name}'s ${details.ifName} in ${network.name}`, () => detach());
    await nameServers(sandbox, result.dns?.nameservers ?? []);
    const workload = await workloadOf(scope, { sandbox, ifName: details.ifName, result, remove });
    detach = () => workload.detach();
    return workload;
  }
}

function fixedAddresses(...asked: readonly (string | undefined)[]): { ips?: string[] } {
  const ips = asked.filter((one) => one !== undefined);
  return ips.length > 0 ? { ips } : {};
}

/** `docker run --net=none`: a namespace with nothing in it but loopback. */
async function runUnconnected(
  scope: Scope,
  node: ClusterNode,
  name: string,
  image: string,
): Promise<OwnSandbox> {
  const container = await makeContainer(scope, node, {
    ...idleContainer(name, image),
    HostConfig: { NetworkMode: "none" },
  });
  await askEngine(node, `docker run --net=none --name=${name}`, container.start());
  const { Id, State, ResolvConfPath } = await container.inspect();
  const netns = `/proc/${State.Pid}/ns/net`;
  const exec: Sandbox["exec"] = (...command) => execInContainer(node, name, ...command);
  return { name, id: Id, node, netns, exec, ofEngine: true, resolvConf: ResolvConfPath };
}

async function addNamespace(scope: Scope, node: ClusterNode, name: string): Promise<OwnSandbox> {
  await withUndo(scope, node, ["ip", "netns", "add", name], ["ip", "netns", "del", name]);
  await node.run(["ip", "-netns", name, "link", "set", "lo", "up"]);
  return { name, id: name, node, netns: `/run/netns/${name}` };
}

/** Applying `dns` is the runtime's part: its name servers come before those that the engine gave the container. */
async function nameServers({ node, resolvConf }: OwnSandbox, servers: readonly string[]): Promise<void> {
  if (resolvConf === undefined || servers.length === 0) return;
  const present = await node.files.readText(resolvConf);
  const lines = servers.map((server) => `nameserver ${server}\n`).filter((line) => !present.includes(line));
  // In place, since the container has this very file mounted.
  await node.run(["sh", "-c", 'cat >"$1"', "sh", resolvConf], { input: `${lines.join("")}${present}` });
}
