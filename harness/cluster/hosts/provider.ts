import type { Provider } from "#harness/cluster/provider.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Progress } from "#harness/core/progress.ts";
import type { Settings } from "#harness/core/settings/settings.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import {
  bringUpInventory,
  engineOfInventory,
  type InventoryContext,
  type InventorySettings,
  keepInventory,
  sweepInventories,
  tearDownInventory,
} from "./lifecycle.ts";

/** What clusters of the hosts in the inventory take of the settings. */
export type SshSettings = InventorySettings & Pick<Settings, "INVENTORY" | "NODES">;

/** Hosts that exist, from the inventory file. Throws `UsageError` where that is wrong. */
export async function openSsh(settings: SshSettings, progress: Progress): Promise<Provider> {
  const context: InventoryContext = { settings, progress, provider: "ssh" };
  return {
    name: "ssh",
    bringUp: (driver, engine, options) =>
      bringUpInventory(context, inventoryOf(settings), driver, engine, options),
    keep: (state) => keepInventory(context, state),
    tearDown: (state) => tearDownInventory(context, state),
    sweep: () => sweepInventories(context),
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
 * Major and minor version of the engine on the hosts, e.g. `26.1`; several are joined: `20.10+26.1`.
 * Throws `UsageError` when ENGINE asks for another one.
 */
export async function engineOfHosts(
  settings: Pick<Settings, "INVENTORY" | "NODES" | "ENGINE">,
): Promise<string> {
  const found = await engineOfInventory(inventoryOf(settings));
  const [asked] = settings.ENGINE;
  if (asked === undefined || asked === found) return found;
  throw new UsageError(`ENGINE=${asked}: expected ${found}, which the hosts of ${settings.INVENTORY} run`, {
    hint: "unset ENGINE: CLUSTER=ssh takes what the hosts run",
  });
}
