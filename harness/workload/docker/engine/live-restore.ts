import { z } from "zod";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";

const file = "/etc/docker/daemon.json";
const key = "live-restore";
const content = z.record(z.string(), z.unknown());

/**
 * Has the node's engine leave its containers alone when it ends, as its flag `--live-restore` does, until `scope` closes; an engine that does
 * goes on. Throws `Unsupported` in a swarm, which excludes it, and `Blocked` where the node's engine must not be ended.
 */
export async function enableLiveRestore(scope: Scope, node: ClusterNode): Promise<void> {
  const { LiveRestoreEnabled, Swarm } = await node.docker.info();
  if (LiveRestoreEnabled) return;
  if (Swarm?.LocalNodeState === "active") {
    throw new Unsupported(`${node.name} is in a swarm, whose engines refuse --live-restore`);
  }
  const control = await EngineControl.of(node);
  const before = (await node.files.exists(file)) ? await node.files.readText(file) : undefined;
  const settings = content.parse(JSON.parse(before ?? "{}"));
  const set = async (enabled: boolean) => {
    await node.files.write(file, JSON.stringify({ ...settings, [key]: enabled }));
    await reload(node, control, enabled);
  };
  scope.defer(`${key} of the engine on ${node.name}`, async () => {
    // An engine does not take back what is merely gone from its configuration.
    await set(false);
    if (before === undefined) await node.files.remove(file);
    else await node.files.write(file, before);
  });
  await node.run(["mkdir", "-p", "/etc/docker"]);
  await set(true);
}

async function reload(node: ClusterNode, control: EngineControl, enabled: boolean): Promise<void> {
  await control.reload();
  await until({ what: `${node.name} to reload its configuration`, deadlineMs: 20_000 }, async () => {
    const { LiveRestoreEnabled } = await node.docker.info();
    return LiveRestoreEnabled === enabled;
  });
}
