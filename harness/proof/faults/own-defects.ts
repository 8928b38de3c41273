import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Fault } from "#harness/proof/fault.ts";

/** Faults that nobody injects: engines have them. */
export const ownDefects: readonly Fault<"chapters">[] = [
  {
    name: "cut-off-starts-kept",
    on: { tier: "chapters", chapter: "disorder", driver: "bridge", engine: "28.5" },
    breaks:
      "nothing is injected: by itself the engine keeps what it had made for a start that was cut off, and starts that container without a network",
    why: "nodes fill up with dead interfaces, and a service comes back that nobody reaches",
    detectedBy: ["D8", "D8b"],
    // What is kept is there at the end of the chapter too.
    mayFollow: ["C1"],
    names: ["links: left behind", "started without an address"],
    alone: true,
    inject: {
      mend: { "engine started": (_context, { node }) => startUntilAttached(node) },
    },
  },
];

/** Starts each container that has ended, and stops it, until it has had an address: what was kept for its network goes with that. */
async function startUntilAttached({ docker, name }: ClusterNode): Promise<void> {
  const filters = { status: ["exited"], label: ["netconform=workload"] };
  const ended = await docker.listContainers({ all: true, filters });
  const attached = async (id: string) => {
    const container = docker.getContainer(id);
    await container.start();
    const { NetworkSettings } = await container.inspect();
    await container.stop({ t: 0 });
    return Object.values(NetworkSettings.Networks).some(({ IPAddress }) => IPAddress !== "");
  };
  const what = `a container of ${name} to start with an address`;
  await Promise.all(ended.map(({ Id }) => until({ what, deadlineMs: 60_000 }, () => attached(Id))));
}
