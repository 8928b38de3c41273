import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";

/** Where plugins are put on the nodes. */
const binaryFolder = "/opt/cni/bin";

/** A runtime on every node of a cluster, with a record of every plugin call. */
export class NodeRuntimes {
  readonly cluster: Cluster;
  /** Folders that are searched for plugins. */
  readonly path: readonly string[];
  readonly #runtimes: ReadonlyMap<ClusterNode, CniRuntime>;
  readonly #calls = new Map<string, Invocation[]>();

  /** `folders` are searched for plugins, after the one where drivers put theirs. */
  constructor(cluster: Cluster, folders: readonly string[]) {
    this.cluster = cluster;
    this.path = [binaryFolder, ...folders.filter((folder) => folder !== binaryFolder)];
    const observe = (call: Invocation) => {
      const id = call.env.CNI_CONTAINERID ?? "";
      this.#calls.set(id, [...this.callsOf(id), call]);
    };
    this.#runtimes = new Map(
      cluster.nodes.map((host) => [host, new CniRuntime({ host, path: this.path, observe })]),
    );
  }

  of(node: ClusterNode): CniRuntime {
    const runtime = this.#runtimes.get(node);
    if (!runtime) throw new HarnessError(`${node.name} is no node of ${this.cluster.id}`);
    return runtime;
  }

  /** Every call for a container so far, in the order in which they ended. */
  callsOf(containerId: string): readonly Invocation[] {
    return this.#calls.get(containerId) ?? [];
  }
}

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
