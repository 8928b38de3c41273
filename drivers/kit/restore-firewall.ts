import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { EngineControl } from "#harness/cluster/engines/control/control.ts";

/**
 * For `restoreFirewall` of a driver whose rules are the engine's: engines make them when they start, and do not notice that they are gone (moby#12294).
 * Throws `Blocked` where the node's engine must not be ended.
 */
export async function restartForFirewall(node: ClusterNode): Promise<void> {
  await (await EngineControl.of(node)).restart();
}
