import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";

/** Containers get ten seconds to end before engines end themselves, and a busy node is slow to start one. */
const restartMs = 90_000;

/** Ends the node's engine as its administrator does, and starts it again; resolves when it answers. */
export async function restartEngine(node: ClusterNode): Promise<void> {
  await node.run([nodeEngineCommand, "restart"], { deadlineMs: restartMs });
}

/** Ends the node's engine as its administrator does. */
export async function stopEngine(node: ClusterNode): Promise<void> {
  await node.run([nodeEngineCommand, "stop"], { deadlineMs: restartMs });
}

/** Starts the node's engine; resolves when it answers. One that runs goes on. */
export async function startEngine(node: ClusterNode): Promise<void> {
  await node.run([nodeEngineCommand, "start"], { deadlineMs: restartMs });
}

/** Ends the node's engine without warning. */
export async function killEngine(node: ClusterNode): Promise<void> {
  await node.run(["sh", "-c", 'kill -KILL "$(cat /run/docker.pid)"']);
}

/** Ends the node's engine without warning, and starts it again; resolves when it answers. */
export async function killAndStartEngine(node: ClusterNode): Promise<void> {
  await killEngine(node);
  await startEngine(node);
}
