import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { type CniWorkload, type Sandbox, workloadOf } from "#harness/workload/cni/attachment.ts";
import type {
  KnownAttachment,
  WantedWorkload,
  WorkloadRuntime,
  WrittenNetwork,
} from "#harness/workload/cni/workload-runtime.ts";
import type { ConnectSpec } from "#harness/workload/network.ts";
import { KnownCalls } from "./calls.ts";
import { readResults, resultOf } from "./results.ts";

/** What the runtimes have in common that call plugins by libcni: where results are kept, and recorders in front of the plugins. */
export abstract class LibcniWorkloads implements WorkloadRuntime {
  protected readonly node: ClusterNode;
  protected readonly calls: KnownCalls;

  constructor(node: ClusterNode) {
    this.node = node;
    this.calls = new KnownCalls(node);
  }

  abstract version(): Promise<string>;
  abstract run(scope: Scope, wanted: WantedWorkload): Promise<CniWorkload>;
  abstract connect(
    scope: Scope,
    workload: CniWorkload,
    network: WrittenNetwork,
    spec?: ConnectSpec,
  ): Promise<CniWorkload>;

  callsOf(containerId: string): readonly Invocation[] {
    return this.calls.of(containerId);
  }

  attachments(network: string): Promise<KnownAttachment[]> {
    return readResults(this.node, network);
  }

  /** The workload as it is in a network that its sandbox has just joined. */
  protected async attached(scope: Scope, sandbox: Sandbox, network: WrittenNetwork): Promise<CniWorkload> {
    const { ifName, result } = await resultOf(this.node, network.name, sandbox.id);
    await this.calls.read(sandbox.id);
    const remove = async () => {
      await this.leave(sandbox, network);
      await this.calls.read(sandbox.id);
    };
    return workloadOf(scope, { sandbox, ifName, result, remove });
  }

  /** Takes a sandbox that runs off a network. Throws `Unsupported` where the runtime cannot be asked for it. */
  protected abstract leave(sandbox: Sandbox, network: WrittenNetwork): Promise<void>;
}
