import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { CachedAttachment } from "#harness/cni/runtime/cache.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import type { ConnectSpec, PublishSpec, WorkloadSpec } from "#harness/workload/network.ts";
import type { CniWorkload } from "./attachment.ts";

/** A network configuration list, as it is written for a runtime. */
export type WrittenNetwork = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A workload that is wanted, with the network of its first interface. */
export interface WantedWorkload extends WorkloadSpec {
  readonly name: string;
  readonly network: WrittenNetwork;
  /** Name of the workload image on the node's engine. */
  readonly image: string;
}

/** What is known of an interface that was added and not deleted. */
export type KnownAttachment = Pick<CachedAttachment, "containerId" | "ifName" | "args" | "result">;

/** What starts workloads on a node and calls the plugins for them: this project's own runtime, or a real one. */
export interface WorkloadRuntime {
  /**
   * Starts a workload with an interface in the network; both go when `scope` closes. Throws `Nonconformance` where a plugin fails,
   * `Unsupported` for what the runtime cannot be asked for.
   */
  run(scope: Scope, wanted: WantedWorkload): Promise<CniWorkload>;
  /** Gives a running workload one more interface until `scope` closes. */
  connect(
    scope: Scope,
    workload: CniWorkload,
    network: WrittenNetwork,
    spec?: ConnectSpec,
  ): Promise<CniWorkload>;
  /** What the runtime keeps on the node of those that it added to a network, by the network's name. */
  attachments(network: string): Promise<KnownAttachment[]>;
  /** Every plugin call for a container of this process so far, in the order in which they ended. */
  callsOf(containerId: string): readonly Invocation[];
  /** Name and version for the statement; left out: the project's own. */
  version?(): Promise<string>;
}

/** A port mapping with the number that a CNI runtime must be given. Throws `Unsupported` where the port would be the runtime's choice. */
export function chosenPort({ port, protocol = "tcp", hostPort, address }: PublishSpec) {
  if (typeof hostPort !== "number") throw new Unsupported("CNI has no port that is chosen for a workload");
  return { hostPort, containerPort: port, protocol, ...(address ? { hostIP: address } : {}) };
}
