import { existsSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import type Docker from "dockerode";
import { until } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { isAlive, ownIdentity } from "#harness/core/process/process.ts";
import { typed } from "#harness/core/typed.ts";
import { forgetLostEndpoints } from "./lost-endpoints.ts";

/** Every container and network of a cluster carries these; clean-up goes by them and by nothing else. */
export const labels = {
  cluster: "netconform.cluster",
  owner: "netconform.owner",
  cache: "netconform.cache",
  host: "netconform.host",
} as const;

/** The labels by which what is made for a cluster is found again; `cache`: the folder that has its state. */
export function labelsOf({ id, cache }: { id: string; cache: string }): Record<string, string> {
  return { [labels.cluster]: id, [labels.cache]: cache, ...ownerLabels() };
}

/** The labels that tell which process made something. */
export function ownerLabels(): Record<string, string> {
  return { [labels.owner]: ownIdentity(), [labels.host]: hostname() };
}

/** Whether the process that made something is gone. Of one on another machine that uses the same engine nobody can tell. */
export function isOwnerless(of: Readonly<Record<string, string>>): boolean {
  const { [labels.owner]: owner = "", [labels.host]: host = hostname() } = of;
  return host === hostname() && !isAlive(owner);
}

/**
 * Removes every container (with its volumes) and network that carries the label, and nothing else. When it resolves they
 * are gone, also those that another process was removing already, or that the engine was still making.
 */
export async function removeByLabel(docker: Docker, label: string, value: string): Promise<void> {
  const filters = { label: [`${label}=${value}`] };
  const list = () => docker.listContainers({ all: true, filters });
  await list().catch((error: NodeJS.ErrnoException) => {
    if (!["ECONNREFUSED", "ENOENT"].includes(error.code ?? "")) throw error;
    throw new HarnessError(
      `the Docker Engine is gone (${error.message}), and ${value} with what is in it is left`,
      {
        hint: `start it, unless the project has: the next run, or ${typed("cluster down")}, removes what is left`,
        cause: error,
      },
    );
  });
  await until({ what: `the containers of ${value} to be gone`, deadlineMs: 60_000 }, async () => {
    const removals = (await list()).map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }));
    await Promise.all(removals.map(ignoreMissing));
    return (await list()).length === 0;
  });
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map(({ Id, Name }) => removeNetwork(docker, Id, Name)));
}

/** The engine refuses while containers that somebody else removes at the same time still hang on it, or endpoints whose container it has lost. */
async function removeNetwork(docker: Docker, id: string, name: string): Promise<void> {
  const network = docker.getNetwork(id);
  await until({ what: `the network ${name} to be removable`, deadlineMs: 20_000 }, async () => {
    await ignoreMissing(network.remove()).catch(async (error: unknown) => {
      await forgetLostEndpoints(network);
      throw error;
    });
    return true;
  });
}

/** Resolves where what was to be removed has gone, or is going. */
export async function ignoreMissing(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: { statusCode?: number }) => {
    // Somebody else is removing it already, or has.
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  });
}

/** Bridges of a cluster's networks, where its engine shares the network namespace of this process. */
export function bridgesOf(id: string): string[] {
  // A bridge without ports has no underlay, and Node.js does not list such interfaces.
  const links = "/sys/class/net";
  return existsSync(links) ? readdirSync(links).filter((name) => name.startsWith(`${id}-`)) : [];
}

/** Subnets of all networks of an engine, e.g. `10.222.4.0/24`: those of one elsewhere are not in this machine's routing table. */
export async function subnetsOf(docker: Docker): Promise<string[]> {
  const networks = await docker.listNetworks();
  return networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
}
