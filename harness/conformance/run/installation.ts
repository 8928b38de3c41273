import type { Driver } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { within } from "#harness/core/async/poll.ts";

/** What a target turned out to stand on. Plain JSON. */
export interface Installation {
  /** Each node with the engine version that answered and its kernel. */
  readonly nodes: readonly { readonly name: string; readonly engine: string; readonly kernel: string }[];
  /** The plugin's executables on the first node, by path, with their SHA-256 in hexadecimal. */
  readonly binaries: readonly { readonly path: string; readonly sha256: string }[];
}

declare module "vitest" {
  interface ProvidedContext {
    /** Absent where there is no cluster, or where it could not be asked. */
    installation: Installation;
  }
}

const deadlineMs = 20_000;

/** Asks engines and nodes. `undefined` where one does not answer in time: what is not known is left out of reports. */
export async function askInstallation(
  cluster: Cluster,
  driver: Pick<Driver, "binaries">,
): Promise<Installation | undefined> {
  const [first] = cluster.nodes;
  if (!first) return undefined;
  const asking = Promise.all([
    Promise.all(cluster.nodes.map(askNode)),
    Promise.resolve(driver.binaries?.(cluster) ?? []).then((paths) => hash(first, paths)),
  ]);
  return within({ what: "what is installed on the nodes", deadlineMs }, asking).then(
    ([nodes, binaries]) => ({ nodes, binaries }),
    () => undefined,
  );
}

async function askNode(node: ClusterNode): Promise<Installation["nodes"][number]> {
  const { Version, KernelVersion = "" } = await node.docker.version();
  return { name: node.name, engine: Version, kernel: KernelVersion };
}

async function hash(node: ClusterNode, paths: readonly string[]): Promise<Installation["binaries"]> {
  if (paths.length === 0) return [];
  const { stdout } = await node.exec(["sha256sum", "--", ...new Set(paths)]);
  return [...stdout.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)].map(([, sha256 = "", path = ""]) => ({
    path,
    sha256,
  }));
}
