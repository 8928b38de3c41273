import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Network } from "./network.ts";
import type { Workload } from "./workload.ts";

declare module "#harness/core/async/events.ts" {
  interface Moments {
    /** A network exists on the engines. */
    "network created": { network: Network; scope: Scope };
    /** A workload runs and has its interfaces. */
    "workload started": { workload: Workload; network: string; scope: Scope };
    /** A running workload joined one more network; `workload` is what it is there. */
    "workload connected": { workload: Workload; network: string; scope: Scope };
    /** A running workload left a network. */
    "workload disconnected": { workload: Workload; network: string };
    /** A container was stopped, and is to be started again. */
    "workload stopped": { workload: Workload };
    /** A container that had ended runs again; `workload` is what it is now. */
    "workload restarted": { workload: Workload; network: string };
    /** The engine of a node was killed, and is about to be started. */
    "engine killed": { node: ClusterNode };
    /** A node's firewall was flushed, and the driver has restored its rules. */
    "firewall restored": { node: ClusterNode };
    /** A node is gone without a word, its engine and containers with it. */
    "node lost": { node: ClusterNode };
    /** A node that others could not reach is reached by them again. */
    "node reached again": { node: ClusterNode };
    /** The engine of a node that had ended, or was killed, answers again. */
    "engine started": { node: ClusterNode };
    /** A task of a swarm service runs, one that replaces another too; told when the tasks are next listed. */
    "task started": { workload: Workload; network: string };
    /** All tasks of a swarm service run. */
    "service created": { service: string; workloads: readonly Workload[]; network: string; scope: Scope };
  }
}
