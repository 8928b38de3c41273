import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import { cutWires, wiresOf } from "#harness/cluster/engines/loss/wires.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { startEngine } from "./ends.ts";

/**
 * What a node without power has no more: processes, namespaces but the node's own, and the engine's word that it runs. A connection that was
 * closed, and whose end nobody acknowledges any more, keeps its namespace for minutes. So the links in there are removed one by one.
 */
const end = `
for pid in "$@"; do kill -KILL "$pid" 2>/dev/null || true; done
for path in /run/docker/netns/*; do
  [ "$(basename "$path")" != default ] || continue
  nsenter --net="$path" ip -brief link show 2>/dev/null | while read -r link _; do
    nsenter --net="$path" ip link delete dev "\${link%@*}" 2>/dev/null || true
  done
  umount --lazy "$path" && rm -f "$path"
done
rm -f /run/docker.pid`;

/**
 * From one moment to the next nothing of a node answers any more, as when its power fails: its wires to other nodes are silent, and engine and
 * containers have ended without a word to anybody. With `scope` it comes back, its engine with what it had written down.
 * Throws `Blocked`, with nothing done, where `EngineControl.of` does, or SSH needs the wires.
 */
export async function loseNode(scope: Scope, node: ClusterNode): Promise<void> {
  const control = await EngineControl.of(node);
  const wires = wiresOf(node);
  const running = await node.docker.listContainers();
  const inspected = await Promise.all(running.map(({ Id }) => node.docker.getContainer(Id).inspect()));
  const pids = inspected.map(({ State }) => String(State.Pid)).filter((pid) => pid !== "0");

  scope.defer(`the engine of ${node.name}`, () => startEngine(node));
  await cutWires(scope, node, wires);
  await control.kill();
  // Some supervisors would start it again.
  await control.stop();
  await node.run(["sh", "-c", end, "sh", ...pids]);
  await announce("node lost", { node });
}
