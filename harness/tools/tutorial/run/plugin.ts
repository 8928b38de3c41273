import { loadDriver } from "#drivers/loader.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { prepareDriver } from "#harness/conformance/run/set-up/prepare.ts";
import type { TargetSettings } from "#harness/conformance/run/target.ts";
import { Blocked, UsageError } from "#harness/core/errors.ts";
import { noPlugin, type Plugin } from "#harness/tools/tutorial/mapping/schema.ts";

/** What carries a text's plugin chapters. */
export interface TutorialPlugin {
  /** By which the mapping's rules know it: `none`, or the name of its driver. */
  readonly name: Plugin;
  /** The driver that installs it, as `DRIVER` names one. */
  readonly driver: string;
}

/**
 * The plugin that a user named: `none`, or a driver by name, path or package. It is tried as far as that goes without a
 * cluster, on each of the engines. Throws `UsageError` where there is no such driver, or it lacks what it needs.
 */
export async function loadPlugin(
  named: string,
  engines: readonly TargetEngine[],
  settings: TargetSettings,
): Promise<TutorialPlugin> {
  if (named === noPlugin) return { name: named, driver: "bridge" };
  try {
    const driver = await loadDriver(named, settings);
    for (const engine of engines) await prepareDriver(driver, engine);
    return { name: driver.name, driver: named };
  } catch (error) {
    if (!(error instanceof Blocked || error instanceof UsageError)) throw error;
    const said = error.message.replace(`DRIVER=${named}: `, "").replace(" (set in the environment)", "");
    throw new UsageError(`--plugin ${named}: ${said}`, { cause: error });
  }
}
