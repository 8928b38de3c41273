import type { Fault } from "#harness/proof/fault.ts";

/** Faults of what engines, and not plugins, do after they were ended. */
export const disorderFaults: readonly Fault<"chapters">[] = [
  {
    name: "containers-kept-stopped",
    on: { tier: "chapters", chapter: "disorder", driver: "reference" },
    breaks: "stops containers that an engine has started again by their restart policy",
    why: "services are gone when their node was rebooted, until somebody starts them by hand",
    detectedBy: ["D5"],
    names: ["restarts: ", "to run again, started by its engine"],
    alone: true,
    inject: {
      "engine started": async (_context, { node: { docker } }) => {
        const running = await docker.listContainers({ filters: { label: ["netconform=workload"] } });
        await Promise.all(running.map(({ Id }) => docker.getContainer(Id).stop({ t: 0 })));
      },
    },
  },
];
