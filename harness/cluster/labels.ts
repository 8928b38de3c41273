import type Docker from "dockerode";
import { until } from "#harness/poll.ts";

/** Every container and network of a cluster carries these; clean-up goes by them and by nothing else. */
export const labels = {
  cluster: "netconform.cluster",
  owner: "netconform.owner",
  cache: "netconform.cache",
} as const;

/** Removes every container (with its volumes) and network that carries the label, and nothing else. */
export async function removeByLabel(docker: Docker, label: string, value: string): Promise<number> {
  const filters = { label: [`${label}=${value}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(({ Id }) => ignoreMissing(docker.getContainer(Id).remove({ force: true, v: true }))),
  );
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map(({ Id, Name }) => removeNetwork(docker, Id, Name)));
  return containers.length + networks.length;
}

/** The engine refuses while containers that somebody else removes at the same time still hang on it. */
async function removeNetwork(docker: Docker, id: string, name: string): Promise<void> {
  await until({ what: `the network ${name} to be removable`, deadlineMs: 20_000 }, async () => {
    await ignoreMissing(docker.getNetwork(id).remove());
    return true;
  });
}

async function ignoreMissing(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: { statusCode?: number }) => {
    // Somebody else is removing it already, or has.
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  });
}
