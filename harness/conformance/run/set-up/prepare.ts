import type { Driver, DriverSettings } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import { shortVersion, type TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { Blocked } from "#harness/core/errors.ts";

/**
 * Tries a driver as far as that goes without a cluster, on each engine version of a target. Throws `Blocked` where it cannot be tried
 * there, `UsageError` where what it was given is wrong.
 */
export async function prepareDriver(
  driver: Pick<Driver, "prepare">,
  { nodes }: Pick<TargetEngine, "nodes">,
): Promise<void> {
  for (const version of new Set(nodes.map((node) => shortVersion(node.version)))) {
    await driver.prepare?.(version);
  }
}

/** Throws `UsageError` where what a target's driver was given is wrong; where it is blocked, its requirements say so. */
export async function refuseMistakes(
  targets: readonly Pick<TargetContext, "reference" | "engines">[],
  settings: DriverSettings,
): Promise<void> {
  for (const { reference, engines } of targets) {
    if (!engines) continue;
    const driver = await loadDriver(reference, settings);
    await prepareDriver(driver, engines).catch((error: unknown) => {
      if (!(error instanceof Blocked)) throw error;
    });
  }
}
