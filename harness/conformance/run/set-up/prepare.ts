import type { Driver, DriverSettings } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import { shortVersion, type TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { Blocked, HarnessError, UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";

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
  settings: DriverSettings & Pick<Settings, "DRIVER_BEFORE">,
): Promise<void> {
  for (const { reference, engines } of targets) {
    if (!engines) continue;
    const driver = await loadDriver(reference, settings);
    if (settings.DRIVER_BEFORE !== undefined) refuseOtherKind(reference, driver, await loadBefore(settings));
    await prepareDriver(driver, engines).catch((error: unknown) => {
      if (!(error instanceof Blocked)) throw error;
    });
  }
}

/** The driver of `DRIVER_BEFORE`. Throws `UsageError`, which names that setting, where there is none or it is wrong. */
export async function loadBefore(
  settings: DriverSettings & Pick<Settings, "DRIVER_BEFORE">,
): Promise<Driver> {
  const { DRIVER_BEFORE } = settings;
  if (DRIVER_BEFORE === undefined) throw new HarnessError("DRIVER_BEFORE is not set");
  return loadDriver(DRIVER_BEFORE, settings).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    const [named, meant] = [`DRIVER=${DRIVER_BEFORE}`, `DRIVER_BEFORE=${DRIVER_BEFORE}`];
    throw new UsageError(error.message.replaceAll(named, meant), { cause: error });
  });
}

/** An engine's plugin takes nothing over from one that a CNI runtime calls. */
function refuseOtherKind(reference: string, driver: Driver, before: Driver): void {
  const kindOf = ({ capabilities }: Driver) => (capabilities.includes("cni") ? "CNI" : "CNM");
  if (kindOf(driver) === kindOf(before)) return;
  throw new UsageError(
    `DRIVER_BEFORE: expected a driver of ${kindOf(driver)} as DRIVER=${reference} is, got ${before.name}, which is of ${kindOf(before)} (set in the environment)`,
  );
}
