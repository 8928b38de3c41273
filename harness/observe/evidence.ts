import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";

/** A file of evidence: text or bytes under a file name. */
export interface EvidenceFile {
  name: string;
  content: string | Uint8Array;
}

const perCommandMs = 8_000;

/** What explains a failure later: the state of links, routes, firewall, engine and plugin, one file per node. */
const looks: Record<string, readonly string[]> = {
  links: ["ip", "-details", "address", "show"],
  routes: ["ip", "route", "show", "table", "all"],
  neighbours: ["ip", "neighbour", "show"],
  fdb: ["bridge", "fdb", "show"],
  iptables: ["iptables-save", "--counters"],
  nftables: ["nft", "list", "ruleset"],
  ovs: ["ovs-vsctl", "show"],
  containers: ["docker", "ps", "--all"],
  networks: ["sh", "-c", "docker network inspect $(docker network ls --quiet)"],
  inspect: ["sh", "-c", "docker inspect $(docker ps --quiet --filter label=netconform)"],
  "engine log": ["tail", "--lines=200", "/var/log/dockerd.log"],
  // One log that is not there hides no other.
  "plugin logs": ["sh", "-c", "tail --lines=200 /var/log/netconform-*/*.log 2>&1 || true"],
  "kernel log": ["sh", "-c", "dmesg | tail -50"],
};

/** Collects evidence from every node at once. A look that fails is evidence, too, so nothing here throws. */
export async function collectEvidence(cluster: Pick<Cluster, "nodes">): Promise<EvidenceFile[]> {
  return Promise.all(cluster.nodes.map(collectFrom));
}

async function collectFrom(node: ClusterNode): Promise<EvidenceFile> {
  const sections = await Promise.all(
    Object.entries(looks).map(async ([name, argv]) => {
      const text = await node.exec(argv, { deadlineMs: perCommandMs }).then(
        (result) => (result.code === 0 ? result.stdout : `exit ${result.code}: ${result.stderr}`),
        (error: Error) => `not collected: ${error.message}`,
      );
      return `===== ${node.name}: ${name} (${argv.join(" ")})\n${text.trimEnd()}\n`;
    }),
  );
  return { name: `${node.name}-state.txt`, content: sections.join("\n") };
}
