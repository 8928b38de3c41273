import { inject } from "vitest";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { SetUpFailed } from "#harness/conformance/outcome.ts";
import { openUpgrade } from "#harness/conformance/run/pool/lease.ts";
import { loadBefore } from "#harness/conformance/run/set-up/prepare.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, Unsupported } from "#harness/core/errors.ts";

type Context = Pick<ChapterContext, "cluster" | "driver" | "declaration">;

/** A cluster of its own that carries the driver of `DRIVER_BEFORE`. */
export interface Upgrade {
  readonly before: Context;
  /** Installs the driver under test over it. Throws `SetUpFailed` where that fails. */
  takeOver(scope: Scope): Promise<void>;
}

/**
 * Brings it up, until `scope` closes. Throws `Unsupported` where `DRIVER_BEFORE` is not set, names a driver of another plugin, or the driver under
 * test does not declare that it takes over; `Blocked` where there is no such cluster; `SetUpFailed` where the earlier driver cannot be installed.
 */
export async function prepareUpgrade(
  scope: Scope,
  { name, heldGapMs }: ChapterContext["declaration"],
): Promise<Upgrade> {
  const settings = workerSettings();
  if (settings.DRIVER_BEFORE === undefined)
    throw new Unsupported("DRIVER_BEFORE is not set, so that there is nothing to be upgraded");
  if (heldGapMs?.upgrade === undefined)
    throw new Unsupported(`${name} does not declare that it takes over: it has no heldGapMs.upgrade`);
  const declaration = await loadBefore(settings);
  if (declaration.name !== name)
    throw new Unsupported(`${name} takes over from ${name}, and DRIVER_BEFORE is ${declaration.name}`);
  const upgrade = await openUpgrade(inject("clusters"));
  scope.defer("the cluster of the upgrade", () => upgrade.remove());
  const { before } = upgrade;
  if ("obstacle" in before) throw new Blocked(before.obstacle);
  if ("setUpFailure" in before) throw new SetUpFailed(before.setUpFailure);
  const state = new ClusterStates(settings).load(before.cluster);
  const cluster = new RemoteCluster(state);
  scope.defer("the connections to it", () => cluster.disconnect());
  const driver = await declaration.connect(cluster, state.attachment ?? {});
  return {
    before: { cluster, driver, declaration },
    takeOver: async (test) => {
      const failure = await upgrade.takeOver();
      if (failure) throw new SetUpFailed(failure);
      await announce("plugin upgraded", { nodes: cluster.nodes, scope: test });
    },
  };
}
