import type { TestProject } from "vitest/node";
import { Scope } from "#harness/core/async/scope.ts";
import { UsageError } from "#harness/core/errors.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { locatePlugin } from "./plugin-place.ts";

/** Before a test of the CNM suite runs: ends the run with exit code 2 where there is no plugin at `PLUGIN`. */
export default async function refuseMissingPlugin(project: TestProject): Promise<void> {
  const { settings } = project.getProvidedContext();
  const { PLUGIN, CACHE } = settings;
  if (!PLUGIN) return;
  const scope = new Scope("looking for the plugin");
  try {
    const { socket } = await locatePlugin({ PLUGIN, CACHE }, scope);
    // Without a plugin at all there is nothing to judge.
    const connection = await socket.connect().catch((error: Error) => {
      throw new UsageError(`PLUGIN=${PLUGIN}: ${error.message}`, { cause: error });
    });
    connection.destroy();
  } catch (error) {
    await scope.close();
    endOnUsageError(error);
  }
  await scope.close();
}
