import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";

const knownMs = 10_000;

const runs = /^docker (?:container )?run (?=.*--name[= ](?<name>\S+))(?=.*--net(?:work)?[= ](?<network>\S+))/;

/** The container that the command runs by a name, and its network. */
export function namedOnNetwork(command: string): { name: string; network: string } | undefined {
  const { name, network } = runs.exec(command)?.groups ?? {};
  return name === undefined || network === undefined ? undefined : { name, network };
}

/** What an engine knows of a network over several nodes. */
interface Known {
  readonly Scope?: string;
  readonly Containers?: Readonly<Record<string, unknown>>;
  readonly Services?: Readonly<Record<string, { Tasks?: readonly { Name?: string }[] }>>;
}

/**
 * Waits until every node with containers on the overlay network knows the container's name, which the nodes tell each other
 * once it runs: a reader's hands are slower than that. Where a node does not learn it in time, the text's next commands show it.
 */
export async function awaitOverlayName(
  nodes: readonly ClusterNode[],
  { name, network }: { name: string; network: string },
): Promise<void> {
  const what = `the name ${name} on the nodes of ${network}`;
  try {
    await until({ what, deadlineMs: knownMs }, async () => {
      const known = await Promise.all(nodes.map((node) => knownOn(node, network)));
      return known.every((one) => one === undefined || namesIn(one).includes(name));
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
  }
}

/** The network as the node has it; `undefined` where it is none of several nodes, or no container of the node is on it. */
async function knownOn(node: ClusterNode, network: string): Promise<Known | undefined> {
  const found = await node.exec(["docker", "network", "inspect", "--verbose", network]);
  if (found.code !== 0) return undefined;
  const [known] = JSON.parse(found.stdout) as Known[];
  const containers = Object.keys(known?.Containers ?? {}).filter((id) => !id.startsWith("lb-"));
  return known?.Scope === "swarm" && containers.length > 0 ? known : undefined;
}

function namesIn({ Services = {} }: Known): (string | undefined)[] {
  return Object.values(Services).flatMap(({ Tasks = [] }) => Tasks.map(({ Name }) => Name));
}
