import { on } from "#harness/core/async/events.ts";
import type { Workload } from "#harness/workload/workload.ts";
// For its moments.
import "#harness/workload/moments.ts";

/** What a plugin has done on a node once a workload has its interface; `network`: Docker's name of the network. */
export type OnAttached = (workload: Workload, network: string) => Promise<void>;

/**
 * From now on has `act` done for each workload of this process that gets an interface on a network of a Docker driver: containers and tasks
 * of services when they run, again after each start, and those that join one more network. What started it waits for that,
 * and fails with it.
 */
export function onAttached(driver: string, act: OnAttached): void {
  const networks = new Set<string>();
  on("network created", async ({ network }) => {
    if (network.driver === driver) networks.add(network.name);
  });
  for (const moment of [
    "workload started",
    "workload connected",
    "workload restarted",
    "task started",
  ] as const) {
    on(moment, async ({ workload, network }) => {
      if (networks.has(network)) await act(workload, network);
    });
  }
}
