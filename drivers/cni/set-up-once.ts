import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { hasCniChains, removeCniChains } from "#harness/cluster/hosts/undo/firewall.ts";
import type { Scope } from "#harness/core/async/scope.ts";

/**
 * Runs `work`, which is to use the plugins once, so that the chains that they make with the first container and keep
 * by design (CNI-HOSTPORT-…, CNI-FORWARD, CNI-ADMIN) are there before anything is compared: what a container leaves
 * behind is seen then, and these are not taken for it. They go when `scope` closes, unless they were there before.
 */
export async function makeChainsOnce(
  scope: Scope,
  node: ClusterNode,
  work: () => Promise<unknown>,
): Promise<void> {
  if (!(await hasCniChains(node))) {
    scope.defer(`the plugins' chains on ${node.name}`, () => removeCniChains(node));
  }
  await work();
}
