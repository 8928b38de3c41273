import { announce } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { askEngine, CnmWorkload } from "./network.ts";

/**
 * `docker start` of a container that has ended, or is about to; resolves to it as it is now, on that network. Throws
 * `Nonconformance` when the engine refuses.
 */
export async function startAgain(
  scope: Scope,
  network: Pick<Network, "name">,
  { node, id, name }: Workload,
): Promise<CnmWorkload> {
  const container = node.docker.getContainer(id);
  await until({ what: `${name} to have ended`, deadlineMs: 20_000 }, async () => {
    const { State } = await container.inspect();
    return !State.Running;
  });
  await askEngine(node, `docker start ${name}`, container.start());
  const workload = new CnmWorkload(scope, node, await container.inspect(), network.name);
  await announce("workload restarted", { workload, network: network.name });
  return workload;
}
