import { ensureEngine, stopPrivateEngine } from "#harness/cluster/host-engine/engine.ts";
import type { Provider } from "#harness/cluster/provider.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { bringUp, type ContainerSettings, type EngineContext, sweep, tearDown } from "./lifecycle.ts";
import { refuseRootless } from "./rootless.ts";

/** Nodes that are containers in the Docker Engine of this machine. Throws `UsageError` when there is none and none starts. */
export async function openContainers(settings: ContainerSettings, progress: Progress): Promise<Provider> {
  const engine = await ensureEngine(settings, progress);
  refuseRootless(engine.host, await engine.docker.info());
  const states = new ClusterStates(settings);
  const { docker, host, ssh, private: own } = engine;
  const context: EngineContext = { docker, host, private: own, ...(ssh ? { ssh } : {}), settings, progress };
  return {
    name: "containers",
    removesNodes: true,
    bringUp: (driver, version, options) => bringUp(context, driver, version, options),
    keep: async (state) => states.keep(state),
    tearDown: (state) => tearDown(context, state),
    sweep: () => sweep(context),
    states: () => states.on(engine.host),
    release: async ({ stop = false, ...options } = {}) => {
      await engine.release(options);
      if (stop && engine.private) await stopPrivateEngine(settings);
    },
  };
}
