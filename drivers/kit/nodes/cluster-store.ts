import { z } from "zod";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import { clusterStoreOf } from "#harness/cluster/features/cluster-store.ts";
import { probeFeature } from "#harness/cluster/features/features.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";

const configuration = "/etc/docker/daemon.json";

/**
 * Gives the node's engine a cluster store, by its configuration file and a restart; what the file held stays, and `scope` puts it
 * back as it was. Leaves an engine alone that has this store. Throws `HarnessError` when it has another, `Blocked` when it is too
 * new for any, and where `EngineControl.of` does.
 */
export async function clusterStore(scope: Scope, node: ClusterNode, store: string): Promise<void> {
  const present = await clusterStoreOf(node);
  if (present === store) return;
  if (present !== "") {
    throw new HarnessError(`the engine on ${node.name} has the cluster store ${present}`, {
      hint: "take it out of the engine's configuration, or use the driver of what it belongs to",
    });
  }
  const offer = await probeFeature({ nodes: [node] }, "clusterStore");
  if (!offer.offered) throw new Blocked(`${offer.reason}; ENGINE=20.10 has it`);
  const control = await EngineControl.of(node);
  const before = (await node.files.exists(configuration))
    ? await node.files.readText(configuration)
    : undefined;
  const settings = z.record(z.string(), z.unknown()).parse(JSON.parse(before || "{}"));
  const advertised = `${node.interfaces.control.address}:2375`;
  scope.defer(`the cluster store of the engine on ${node.name}`, async () => {
    if (before === undefined) await node.files.remove(configuration);
    else await node.files.write(configuration, before);
    await restart(node, control, "");
  });
  await node.run(["mkdir", "--parents", "/etc/docker"]);
  // What is advertised is an address for other engines' discovery; nothing has to listen there.
  await node.files.write(
    configuration,
    JSON.stringify({ ...settings, "cluster-store": store, "cluster-advertise": advertised }, null, 2),
  );
  await restart(node, control, store);
}

async function restart(node: ClusterNode, control: EngineControl, store: string): Promise<void> {
  await control.restart();
  await until(
    { what: `the engine on ${node.name} with ${store || "no cluster store"}`, deadlineMs: 60_000 },
    async () => (await clusterStoreOf(node)) === store,
  );
}
