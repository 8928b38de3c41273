import { rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import type { SetUpFailure } from "#harness/conformance/outcome.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { RpcClient } from "#harness/core/rpc/client.ts";
import { bothHalves } from "#harness/core/rpc/messages.ts";
import { serveSocket } from "#harness/core/rpc/socket.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Unix socket at which a worker asks for a cluster of its target. */
    clusters: string;
  }
}

/** A cluster that carries the driver, for one worker alone. */
export interface LeasedCluster {
  /** Its id, by which its state is found. */
  readonly cluster: string;
  /** What existed on the nodes once the driver was installed. */
  readonly baseline: Snapshot;
}

/**
 * What a worker that asks for a cluster is told: the cluster, why the driver cannot be tried on this target at all, or why
 * there is no cluster with it. Plain JSON.
 */
export type Lease = LeasedCluster | { readonly obstacle: string } | { readonly setUpFailure: SetUpFailure };

/** Who asks for a cluster. */
export interface LeaseRequest {
  /** Whether it is to run the chapter that takes longest. */
  readonly longest: boolean;
}

/** What the main process does for the workers of a target. */
export interface LeaseMethods {
  /** A cluster that no other worker has; the one that is there first is for who works longest. */
  lease(given: LeaseRequest): Promise<Lease>;
  /** Stays unanswered for as long as the worker uses the cluster; it gives it back by going away. */
  hold(given: { cluster: string }): Promise<null>;
  /** The worker goes on without the cluster, and no other one gets it. */
  giveUp(given: { cluster: string }): Promise<null>;
  /** A cluster of its own with the driver of `DRIVER_BEFORE`, until it is removed. */
  openBefore(given: object): Promise<BeforeUpgrade>;
  /** Installs the driver under test over it; resolves to why that failed. */
  takeOver(given: { cluster: string }): Promise<SetUpFailure | null>;
  removeUpgraded(given: { cluster: string }): Promise<null>;
}

/** Where clusters come from and go back to. */
export interface Lessor {
  lease(request: LeaseRequest): Promise<Lease>;
  /** The worker that had the cluster has ended. */
  giveBack(cluster: string): void;
  /** The worker that had the cluster goes on with another one, and nobody works on this one any more. */
  giveUp(cluster: string): void;
}

/** What a worker that is to upgrade a plugin is told. Plain JSON. */
export type BeforeUpgrade = Pick<LeasedCluster, "cluster"> | Exclude<Lease, LeasedCluster>;

/** Clusters on which a plugin is upgraded. */
export interface UpgradeLessor {
  open(): Promise<BeforeUpgrade>;
  /** Resolves to why it failed. */
  takeOver(cluster: string): Promise<SetUpFailure | undefined>;
  /** Has no effect where it is gone. */
  remove(cluster: string): Promise<void>;
}

/** Clusters that are served on a unix socket. */
export interface ServedClusters {
  /** For `ProvidedContext.clusters`. */
  readonly socket: string;
  close(): void;
}

/** Leases the clusters of one target to the workers of vitest, and upgrades on others, where there is who does. */
export async function serveClusters(lessor: Lessor, upgrades?: UpgradeLessor): Promise<ServedClusters> {
  const folder = makeScratchFolder();
  const socket = join(folder, "clusters.sock");
  const upgrading = () => {
    if (!upgrades) throw new HarnessError("nobody upgrades plugins here");
    return upgrades;
  };
  const server = await serveSocket<LeaseMethods>(socket, {
    lease: (request) => lessor.lease(request),
    hold: ({ cluster }, signal) =>
      new Promise((resolve) => {
        const gone = () => {
          lessor.giveBack(cluster);
          resolve(null);
        };
        if (signal.aborted) gone();
        else signal.addEventListener("abort", gone, { once: true });
      }),
    giveUp: async ({ cluster }) => {
      lessor.giveUp(cluster);
      return null;
    },
    openBefore: async () => upgrading().open(),
    takeOver: async ({ cluster }) => (await upgrading().takeOver(cluster)) ?? null,
    removeUpgraded: async ({ cluster }) => {
      await upgrading().remove(cluster);
      return null;
    },
  });
  server.unref();
  const close = () => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
    process.off("exit", close);
  };
  // An interrupted run ends its process before anybody closes it.
  process.on("exit", close);
  return { socket, close };
}

/** A cluster with an earlier version of the plugin, over which the driver under test can be installed. */
export interface HeldUpgrade {
  readonly before: BeforeUpgrade;
  /** Resolves to why it failed. */
  takeOver(): Promise<SetUpFailure | undefined>;
  /** Removes the cluster. */
  remove(): Promise<void>;
}

/** Asks for such a cluster. Throws `HarnessError` when nobody answers. */
export async function openUpgrade(socket: string): Promise<HeldUpgrade> {
  const connection = connect(socket);
  const main = new RpcClient<LeaseMethods>(bothHalves(connection), {
    peer: "the process that has the clusters",
    lost: (why, cause) => new HarnessError(`no plugin can be upgraded: ${why}`, { cause }),
  });
  const before = await main.call("openBefore", {});
  return {
    before,
    takeOver: async () => {
      if (!("cluster" in before)) throw new HarnessError("there is nothing to be upgraded");
      return (await main.call("takeOver", { cluster: before.cluster })) ?? undefined;
    },
    remove: async () => {
      if ("cluster" in before) await main.call("removeUpgraded", { cluster: before.cluster });
      connection.end();
    },
  };
}

/** What a worker was told, and how it changes its cluster for another one. */
export interface HeldLease {
  readonly lease: Lease;
  /** Has no effect where the worker was told of no cluster. */
  giveUp(): Promise<void>;
}

/**
 * Asks for a cluster that this process alone uses until it gives it up or ends. Throws `HarnessError` when nobody answers.
 */
export async function leaseCluster(
  socket: string,
  request: LeaseRequest = { longest: false },
): Promise<HeldLease> {
  const connection = connect(socket);
  const main = new RpcClient<LeaseMethods>(bothHalves(connection), {
    peer: "the process that has the clusters",
    lost: (why, cause) => new HarnessError(`no cluster can be had: ${why}`, { cause }),
  });
  const lease = await main.call("lease", request);
  if ("cluster" in lease) {
    // Answered by nobody; that it is under way says that the cluster is in use.
    main.call("hold", { cluster: lease.cluster }).catch(() => {});
  }
  connection.unref();
  const giveUp = async () => {
    if ("cluster" in lease) await main.call("giveUp", { cluster: lease.cluster });
    connection.end();
  };
  return { lease, giveUp };
}
