import { putRecorders } from "#drivers/cni/runtimes/calls.ts";
import { ContainerdWorkloads } from "#drivers/cni/runtimes/containerd/containerd.ts";
import { PodmanWorkloads } from "#drivers/cni/runtimes/podman/podman.ts";
import type { DriverSettings } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { WorkloadRuntimeName } from "#harness/core/settings/schema.ts";
import { OwnWorkloads } from "#harness/workload/cni/own-runtime.ts";
import type { WorkloadRuntime } from "#harness/workload/cni/workload-runtime.ts";

/** Where plugins are put on the nodes. */
const binaryFolder = "/opt/cni/bin";

/** A runtime on every node of a cluster, as the setting RUNTIME chooses it. */
export class NodeRuntimes {
  readonly cluster: Cluster;
  /** Folders that are searched for plugins. */
  readonly path: readonly string[];
  readonly #runtimes: ReadonlyMap<ClusterNode, WorkloadRuntime>;
  readonly #name: WorkloadRuntimeName;

  /** The folders of `CNI_PATH` are searched for plugins after the one where drivers put theirs. */
  constructor(cluster: Cluster, { CNI_PATH, RUNTIME }: Pick<DriverSettings, "CNI_PATH" | "RUNTIME">) {
    this.cluster = cluster;
    this.#name = RUNTIME;
    this.path = [binaryFolder, ...CNI_PATH.filter((folder) => folder !== binaryFolder)];
    const makes = makers[RUNTIME];
    this.#runtimes = new Map(cluster.nodes.map((node) => [node, makes(node, this.path)]));
  }

  /** Whether bare namespaces can be attached. */
  get attachesNamespaces(): boolean {
    return this.#name === "netconform";
  }

  of(node: ClusterNode): WorkloadRuntime {
    const runtime = this.#runtimes.get(node);
    if (!runtime) throw new HarnessError(`${node.name} is no node of ${this.cluster.id}`);
    return runtime;
  }

  /** Puts a recorder before every plugin that the nodes have now, where the runtime is none of ours. */
  async findPlugins(): Promise<void> {
    if (this.#name === "netconform") return;
    await Promise.all(this.cluster.nodes.map((node) => putRecorders(node, this.path)));
  }

  /** Every call for a container so far, in the order in which they ended. */
  callsOf(containerId: string): readonly Invocation[] {
    return [...this.#runtimes.values()].flatMap((runtime) => runtime.callsOf(containerId));
  }

  /** The runtime's own name and version, by its kind; nothing of ours. */
  async version(): Promise<Record<string, string>> {
    const [first] = this.#runtimes.values();
    const version = await first?.version?.();
    return version === undefined ? {} : { runtime: version };
  }
}

const makers: Readonly<
  Record<WorkloadRuntimeName, (node: ClusterNode, path: readonly string[]) => WorkloadRuntime>
> = {
  netconform: (node, path) => new OwnWorkloads(node, path),
  podman: (node) => new PodmanWorkloads(node),
  containerd: (node) => new ContainerdWorkloads(node),
};

/** Puts a plugin's executable on a node until `scope` closes. */
export async function putBinary(
  scope: Scope,
  node: ClusterNode,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  const path = `${binaryFolder}/${name}`;
  await node.files.write(path, content, 0o755);
  scope.defer(`${path} on ${node.name}`, () => node.files.remove(path));
}
