import { bringUp, tearDown } from "#harness/cluster/containers/lifecycle.ts";
import { identifyEngine } from "#harness/cluster/engines/identify.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import type { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import type { WorkloadRuntimeName } from "#harness/core/settings/schema.ts";
import { readSettings } from "#harness/core/settings/settings.ts";

/** A cluster of one node or more, for tests of what drivers do on nodes. */
export interface TestNodes extends AsyncDisposable {
  readonly cluster: RemoteCluster;
}

/** Brings it up, with the first engine of the settings, for a CNI runtime; disposing of it removes it. */
export function makeOneNode(name: string, runtime?: WorkloadRuntimeName): Promise<TestNodes> {
  return makeNodes(name, 1, runtime);
}

/** The same of so many nodes. */
export async function makeNodes(
  name: string,
  nodes: number,
  runtime: WorkloadRuntimeName = "netconform",
): Promise<TestNodes> {
  const settings = { ...readSettings(), KEEP: false, NODES: nodes, RUNTIME: runtime };
  const [word = "26.1"] = settings.ENGINE;
  const progress = progressOn(process.stderr);
  const engine = await ensureEngine(settings, progress);
  const context = { settings, progress, ...engine };
  const version = await identifyEngine(word, settings, progress);
  const { cluster, state } = await bringUp(context, name, version, { fresh: true });
  return {
    cluster,
    async [Symbol.asyncDispose]() {
      await cluster.disconnect();
      await tearDown(context, state);
      await engine.release();
    },
  };
}
