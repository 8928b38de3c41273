import { type EngineVersion, engineVersions, type Settings } from "#harness/config/settings.ts";
import { UsageError } from "#harness/errors.ts";
import type { Progress } from "#harness/progress.ts";
import { ensureEngine, stopPrivateEngine } from "#harness/setup/engine.ts";
import { bringUp, type Ground, keep, sweep, tearDown } from "./lifecycle.ts";
import type { Provider } from "./provider.ts";
import { ClusterStates } from "./state.ts";

/** Nodes that are containers in the Docker Engine of this machine. Throws `UsageError` when there is none and none starts. */
export async function openContainers(settings: Settings, progress: Progress): Promise<Provider> {
  const engine = await ensureEngine(settings, progress);
  const ground: Ground = { docker: engine.docker, host: engine.host, settings, progress };
  return {
    name: "containers",
    bringUp: (driver, version, options) => bringUp(ground, driver, known(version), options),
    keep: async (state) => keep(settings, state),
    tearDown: (state) => tearDown(ground, state),
    sweep: () => sweep(ground),
    states: () => new ClusterStates(settings).on(engine.host),
    release: async ({ stop = false, ...options } = {}) => {
      await engine.release(options);
      if (stop && engine.private) await stopPrivateEngine(settings);
    },
  };
}

function known(version: string): EngineVersion {
  const found = engineVersions.find((one) => one === version);
  if (found) return found;
  throw new UsageError(`no node image has Docker ${version}; expected one of ${engineVersions.join(", ")}`);
}
