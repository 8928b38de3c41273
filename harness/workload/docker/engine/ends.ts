import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";

// Each throws `Blocked`, with nothing done, where `EngineControl.of` does.

/** Ends the node's engine as its administrator does, and starts it again; resolves when it answers. */
export async function restartEngine(node: ClusterNode): Promise<void> {
  await (await EngineControl.of(node)).restart();
  await announce("engine started", { node });
}

/** Ends the node's engine as its administrator does; it is started again with `scope` at the latest. */
export async function stopEngine(scope: Scope, node: ClusterNode): Promise<void> {
  const control = await EngineControl.of(node);
  scope.defer(`the engine of ${node.name}`, () => control.start());
  await control.stop();
}

/** Starts the node's engine; resolves when it answers. One that runs goes on. */
export async function startEngine(node: ClusterNode): Promise<void> {
  await (await EngineControl.of(node)).start();
  await announce("engine started", { node });
}

/** Ends the node's engine without warning, does `meanwhile`, and starts it again; resolves when it answers. */
export async function killAndStartEngine(
  node: ClusterNode,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  const control = await EngineControl.of(node);
  try {
    await control.kill();
    await announce("engine killed", { node });
  } finally {
    // Whatever went wrong, the engine must be back.
    await meanwhile().finally(() => control.start());
  }
  await announce("engine started", { node });
}

/** Ends the node's engine without warning; it is started again when `scope` closes. */
export async function killEngine(scope: Scope, node: ClusterNode): Promise<void> {
  const control = await EngineControl.of(node);
  scope.defer(`the engine of ${node.name}`, () => startEngine(node));
  await control.kill();
  // Some supervisors would start it again.
  await control.stop();
  await announce("engine killed", { node });
}
