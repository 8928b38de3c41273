import type { ClusterProvider } from "#harness/core/settings/schema.ts";
import type { TargetEngine } from "./engines/target-engine.ts";
import type { RemoteCluster } from "./remote-cluster.ts";
import type { ClusterState } from "./state.ts";

/** A cluster that this process owns. */
export interface OwnedCluster {
  state: ClusterState;
  cluster: RemoteCluster;
  /** Whether it was kept by an earlier run. */
  reused: boolean;
}

export interface BringUpOptions {
  /** A new cluster in any case. */
  readonly fresh?: boolean;
}

/** Where clusters come from: one of the values of `CLUSTER`, opened for use by one run. */
export interface Provider {
  readonly name: ClusterProvider;
  /** Whether its nodes were made for the cluster and go with it; hosts that stay are tidied. */
  readonly removesNodes: boolean;
  /**
   * Gives a cluster whose engines answer and have the workload image: a kept one if there is one that fits and `fresh`
   * is not asked for, else a new one. What killed runs left behind is removed first.
   * Throws `UsageError` where the user has to change something, `HarnessError` when something does not start; what was
   * begun is undone.
   */
  bringUp(driver: string, engine: TargetEngine, options?: BringUpOptions): Promise<OwnedCluster>;
  /** Leaves the cluster for a later run, under no owner's process. The connections are closed already. */
  keep(state: ClusterState): Promise<void>;
  /** Removes the cluster, or everything of it on hosts that stay, without a trace. */
  tearDown(state: ClusterState): Promise<void>;
  /** Removes what killed runs left behind. */
  sweep(): Promise<void>;
  /** Its clusters on this machine that have a state. */
  states(): ClusterState[];
  /**
   * Ends this use of the provider. `keep`: a kept cluster still needs what it runs on; `stop`: what this project started
   * to carry clusters ends as well.
   */
  release(options?: { keep?: boolean; stop?: boolean }): Promise<void>;
}
