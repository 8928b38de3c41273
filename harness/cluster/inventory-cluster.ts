import { createHash, randomBytes } from "node:crypto";
import type { ClusterProvider, Settings } from "#harness/config/settings.ts";
import { HarnessError, UsageError } from "#harness/errors.ts";
import { SshHost } from "#harness/host/ssh-host.ts";
import { importWorkload, workloadArchive } from "#harness/images/workload-image.ts";
import { startWebServer } from "#harness/outside/outside.ts";
import { ownIdentity } from "#harness/process.ts";
import type { Progress } from "#harness/progress.ts";
import { findInterfaces } from "./host-interfaces.ts";
import type { Inventory, InventoryHost } from "./inventory.ts";
import type { OwnedCluster } from "./provider.ts";
import { RemoteCluster } from "./remote-cluster.ts";
import { type ClusterState, ClusterStates, type HostState } from "./state.ts";

/** On whose behalf hosts of an inventory are used. */
export interface InventoryGround {
  readonly settings: Settings;
  readonly progress: Progress;
  readonly provider: ClusterProvider;
}

/**
 * Makes a cluster of hosts that exist: connects, looks at them before anything is changed, and gives every node the
 * workload image. Nothing of it needs an engine on this machine.
 * Throws `UsageError` where hosts lack something or are somebody else's; what was begun is undone.
 */
export async function bringUpInventory(
  ground: InventoryGround,
  inventory: Inventory,
  driver: string,
  engine: string,
): Promise<OwnedCluster> {
  const { settings, progress, provider } = ground;
  const workload = await workloadArchive(settings, progress);
  const hosts = await Promise.all(inventory.nodes.map(describeHost));
  const outside = inventory.outside && {
    ...(await describeHost(inventory.outside)),
    hostName: inventory.outside.hostName,
    httpPort: inventory.outside.httpPort,
  };
  const state: ClusterState = {
    id: `nc-${randomBytes(3).toString("hex")}`,
    provider,
    key: keyOf(inventory, driver, engine, workload.image),
    driver,
    engine,
    owner: ownIdentity(),
    kept: false,
    image: workload.image,
    nodes: hosts,
    ...(outside ? { outside } : {}),
    createdAt: new Date().toISOString(),
  };
  new ClusterStates(settings).save(state);
  const cluster = new RemoteCluster(state);
  try {
    await Promise.all([
      ...(outside ? [startWebServer(cluster.outside)] : []),
      ...cluster.nodes.map((node) => importWorkload(node.docker, workload)),
    ]);
    return { state, cluster, reused: false };
  } catch (error) {
    await cluster.disconnect();
    await tearDownInventory(ground, state);
    throw error;
  }
}

/** Undoes on the hosts whatever the run has done there; they stay. */
export async function tearDownInventory(
  { settings }: Pick<InventoryGround, "settings">,
  state: ClusterState,
): Promise<void> {
  new ClusterStates(settings).remove(state.id);
}

/** Major and minor version of the engine on the hosts, e.g. `26.1`; several are joined: `20.10+26.1`. */
export async function engineOfInventory(inventory: Inventory): Promise<string> {
  const versions = await Promise.all(
    inventory.nodes.map(async (target) => {
      const host = new SshHost(target);
      try {
        const { Version } = await host.docker.version();
        return Version.split(".").slice(0, 2).join(".");
      } catch (error) {
        if (error instanceof UsageError) throw error;
        throw new HarnessError(`${target.name}: no Docker Engine answers: ${(error as Error).message}`);
      } finally {
        await host.disconnect();
      }
    }),
  );
  return [...new Set(versions)].sort().join("+");
}

async function describeHost(target: InventoryHost): Promise<HostState> {
  const host = new SshHost(target);
  try {
    return { ...target, interfaces: await findInterfaces(host, target) };
  } finally {
    await host.disconnect();
  }
}

function keyOf(inventory: Inventory, ...parts: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([inventory, ...parts]))
    .digest("hex")
    .slice(0, 16);
}
