import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";

/** The command gives an engine 35 s to end and 60 s to answer, and a busy node is slow to run it. */
const restartMs = 120_000;

/** Ends the node's engine as its administrator does, and starts it again; resolves when it answers. */
export async function restartEngine(node: ClusterNode): Promise<void> {
  await node.run([nodeEngineCommand, "restart"], { deadlineMs: restartMs });
  await announce("engine started", { node });
}

/** Ends the node's engine as its administrator does; it is started again with `scope` at the latest. */
export async function stopEngine(scope: Scope, node: ClusterNode): Promise<void> {
  scope.defer(`the engine of ${node.name}`, () =>
    node.run([nodeEngineCommand, "start"], { deadlineMs: restartMs }),
  );
  await node.run([nodeEngineCommand, "stop"], { deadlineMs: restartMs });
}

/** Starts the node's engine; resolves when it answers. One that runs goes on. */
export async function startEngine(node: ClusterNode): Promise<void> {
  await node.run([nodeEngineCommand, "start"], { deadlineMs: restartMs });
  await announce("engine started", { node });
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
