import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import type { Provider } from "#harness/cluster/provider.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { typed } from "#harness/core/typed.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { type Inventory, type InventoryHost, readInventory } from "./inventory.ts";
import { bringUp, type HostsSettings, keep, sweep, tearDown } from "./lifecycle.ts";

/** What clusters of the hosts in the inventory take of the settings. */
export type SshSettings = HostsSettings & Pick<Settings, "INVENTORY" | "NODES">;

/** Hosts that exist, from the inventory file. Throws `UsageError` where that is wrong. */
export async function openSsh(settings: SshSettings, progress: Progress): Promise<Provider> {
  const context = { settings, progress };
  return {
    name: "ssh",
    removesNodes: false,
    bringUp: (driver, engine, options) => bringUp(context, inventoryOf(settings), driver, engine, options),
    keep: (state) => keep(context, state),
    tearDown: (state) => tearDown(context, state),
    sweep: () => sweep(context),
    states: () => new ClusterStates(settings).all().filter(({ provider }) => provider === "ssh"),
    release: async () => {},
  };
}

/** The inventory that the settings name, with as many nodes as they ask for. Throws `UsageError`. */
export function inventoryOf({ INVENTORY, NODES }: Pick<Settings, "INVENTORY" | "NODES">): Inventory {
  if (INVENTORY === undefined) throw new UsageError("CLUSTER=ssh: expected INVENTORY=FILE with it, got none");
  const inventory = readInventory(INVENTORY);
  if (NODES > inventory.nodes.length) {
    throw new UsageError(
      `NODES=${NODES}: expected at most ${inventory.nodes.length}, the nodes in ${INVENTORY}`,
    );
  }
  return NODES === 0 ? inventory : { ...inventory, nodes: inventory.nodes.slice(0, NODES) };
}

/**
 * The engines on the hosts, named after their major and minor versions, e.g. `26.1`; several are joined: `20.10+26.1`.
 * Throws `UsageError` when ENGINE asks for another one.
 */
export async function engineOfHosts(
  settings: Pick<Settings, "INVENTORY" | "NODES" | "ENGINE">,
): Promise<TargetEngine> {
  const found = await engineOf(inventoryOf(settings));
  const [asked] = settings.ENGINE;
  if (asked === undefined || asked === found.name) return found;
  throw new UsageError(
    `ENGINE=${asked}: expected ${found.name}, which the hosts of ${settings.INVENTORY} run`,
    {
      hint: "unset ENGINE: CLUSTER=ssh takes what the hosts run",
    },
  );
}

async function engineOf({ nodes }: Inventory): Promise<TargetEngine> {
  const asked = await Promise.allSettled(nodes.map(engineOn));
  const refusals = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  const other = refusals.find((error) => !(error instanceof UsageError));
  if (other) throw other;
  // Everything that is wrong is told at once.
  if (refusals.length > 0) {
    throw new UsageError([...new Set(refusals.map(({ message }) => message))].join("\n"));
  }
  const versions = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const lines = [...new Set(versions.map((version) => version.split(".").slice(0, 2).join(".")))];
  return {
    name: lines.sort().join("+"),
    nodes: versions.map((version) => ({ source: { kind: "given" }, flags: [], version })),
  };
}

async function engineOn(target: InventoryHost): Promise<string> {
  const host = new SshHost(target);
  try {
    const { Version } = await host.docker.version();
    return Version;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${target.name}: no Docker Engine answers: ${(error as Error).message}`, {
      hint: `${typed("cluster preflight")} shows what the hosts lack`,
      cause: error,
    });
  } finally {
    await host.disconnect();
  }
}
