import type { Settings } from "#harness/config/settings.ts";
import { UsageError } from "#harness/errors.ts";
import type { Progress } from "#harness/progress.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import {
  bringUpInventory,
  engineOfInventory,
  type InventoryGround,
  keepInventory,
  sweepInventories,
  tearDownInventory,
} from "./inventory-cluster.ts";
import type { Provider } from "./provider.ts";
import { ClusterStates } from "./state.ts";

/** Hosts that exist, from the inventory file. Throws `UsageError` where that is wrong. */
export async function openSsh(settings: Settings, progress: Progress): Promise<Provider> {
  const ground: InventoryGround = { settings, progress, provider: "ssh" };
  return {
    name: "ssh",
    bringUp: (driver, engine, options) =>
      bringUpInventory(ground, inventoryOf(settings), driver, engine, options),
    keep: (state) => keepInventory(ground, state),
    tearDown: (state) => tearDownInventory(ground, state),
    sweep: () => sweepInventories(ground),
    states: () => new ClusterStates(settings).all().filter(({ provider }) => provider === "ssh"),
    release: async () => {},
  };
}

/** The inventory that the settings name, with as many nodes as they ask for. Throws `UsageError`. */
export function inventoryOf({ INVENTORY, NODES }: Settings): Inventory {
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
export async function engineOfHosts(settings: Settings): Promise<string> {
  const found = await engineOfInventory(inventoryOf(settings));
  const [asked] = settings.ENGINE;
  if (asked === undefined || asked === found) return found;
  throw new UsageError(`ENGINE=${asked}: expected ${found}, which the hosts of ${settings.INVENTORY} run`, {
    hint: "unset ENGINE: CLUSTER=ssh takes what the hosts run",
  });
}
