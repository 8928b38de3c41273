import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Fault, FaultActs } from "#harness/proof/fault.ts";

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
    inject: { mend: mendCutOffStarts() },
  },
];

/** After an engine was killed, once: what it had ended starts and stops until it has had an address, which takes away what was kept. */
function mendCutOffStarts(): FaultActs {
  const killed = new Set<string>();
  return {
    "engine killed": async (_context, { node }) => {
      killed.add(node.name);
    },
    "engine started": async (_context, { node }) => {
      if (killed.delete(node.name)) await startUntilAttached(node);
    },
  };
}

async function startUntilAttached({ docker, name }: ClusterNode): Promise<void> {
  const filters = { status: ["exited"], label: ["netconform=workload"] };
  const ended = await docker.listContainers({ all: true, filters });
  const attached = async (id: string) => {
    const container = docker.getContainer(id);
    await container.start();
    try {
      const { NetworkSettings } = await container.inspect();
      return Object.values(NetworkSettings.Networks).some(({ IPAddress }) => IPAddress !== "");
    } finally {
      await container.stop({ t: 0 });
    }
  };
  const what = `a container of ${name} to start with an address`;
  await Promise.all(ended.map(({ Id }) => until({ what, deadlineMs: 60_000 }, () => attached(Id))));
}
