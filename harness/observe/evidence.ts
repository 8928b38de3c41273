import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { servesOpenVswitch } from "#harness/host/setup/open-vswitch.ts";
import { type LogSizes, looksAtLogs } from "./logs.ts";

/** A file of evidence: text or bytes under a file name. */
export interface EvidenceFile {
  name: string;
  content: string | Uint8Array;
}

/** What one look at a node told. */
export interface NodeLook {
  /** What was looked at, e.g. `routes`. */
  readonly name: string;
  readonly command: string;
  readonly text: string;
}

/** What a node told at one moment: a file of all looks, and the looks themselves. */
export interface NodeEvidence extends EvidenceFile {
  readonly host: string;
  readonly looks: readonly NodeLook[];
}

const perCommandMs = 8_000;

/** Counters of SCTP, which nstat does not know. The file is there where the kernel has SCTP. */
const sctpCounters = "/proc/net/sctp/snmp";

/** What each network namespace but the node's own is, under the name of its container where it is one's. */
const namespaces = `
names=$(docker ps --quiet --no-trunc | xargs -r docker inspect --format '{{.NetworkSettings.SandboxKey}} {{.Name}}')
awk '$3 == "nsfs" { print $2 }' /proc/self/mounts | sort -u | while read -r path; do
  name=$(echo "$names" | sed -n "s#^\\(/var\\)*$path /##p")
  echo "----- $path \${name:-of no container}"
  inside() { nsenter --net="$path" "$@" 2>&1; }
  printf '%s\\n' 'address show' 'route show table all' 'rule show' 'neighbour show' |
    inside ip -details -statistics -batch - || continue
  inside ip -6 rule show
  inside nft list ruleset
  inside ss --all --tcp --udp --sctp --numeric --processes --no-header
  inside nstat --zeros --ignore --noupdate | awk '$2 != 0 && NR > 1 { print $1, $2 }'
  [ ! -e ${sctpCounters} ] || inside awk '$2 != 0 { print $1, $2 }' ${sctpCounters}
  inside conntrack --dump
done
`;

/** The flows of each bridge of Open vSwitch with their counters, where that runs. */
const flows = `
${servesOpenVswitch} || exit 0
for bridge in $(ovs-vsctl --timeout=5 list-br); do
  echo "----- $bridge"
  timeout 5 ovs-ofctl --names --protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14 dump-flows "$bridge"
done
`;

/** The engine's process, by its pid file and by what runs, and its last panic with the goroutine that it came from, or systemd's journal of it. */
const engineProcess = `
echo "pid file: $(cat /run/docker.pid 2>&1)"
pgrep -a dockerd || echo "no dockerd runs"
if [ -d /run/systemd/system ]; then
  systemctl show docker.service --property=MainPID,NRestarts,Result,ExecMainStartTimestamp
  journalctl --unit=docker.service --lines=1000 --output=cat --no-pager |
    awk '/^(panic|fatal error|SIG[A-Z]+)[: ]/ { told = ""; left = 60 } left-- > 0 { told = told $0 "\\n" } END { printf "%s", told }'
  journalctl --unit=docker.service --lines=200 --no-pager
fi
[ -e /var/log/dockerd.log ] || exit 0
last=$(grep --text -nE '^(panic|fatal error|SIG[A-Z]+)[: ]' /var/log/dockerd.log | tail -1 | cut -d: -f1)
[ -z "$last" ] || tail --lines=+"$last" /var/log/dockerd.log | head -60
`;

/** What explains a failure later: the state of links, routes, firewall, engine and plugin, one file per node. */
const looks: Record<string, readonly string[]> = {
  links: ["ip", "-details", "-statistics", "address", "show"],
  routes: ["ip", "route", "show", "table", "all"],
  rules: ["ip", "rule", "show"],
  "IPv6 rules": ["ip", "-6", "rule", "show"],
  neighbours: ["ip", "neighbour", "show"],
  sockets: ["ss", "--listening", "--tcp", "--udp", "--sctp", "--numeric", "--processes"],
  conntrack: ["conntrack", "--dump"],
  counters: ["nstat", "--ignore", "--noupdate"],
  "SCTP counters": ["sh", "-c", `[ ! -e ${sctpCounters} ] || awk '$2 != 0 { print $1, $2 }' ${sctpCounters}`],
  namespaces: ["sh", "-c", namespaces],
  fdb: ["bridge", "fdb", "show"],
  iptables: ["iptables-save", "--counters"],
  ip6tables: ["ip6tables-save", "--counters"],
  nftables: ["nft", "list", "ruleset"],
  ovs: ["sh", "-c", `${servesOpenVswitch} || exit 0; ovs-vsctl --timeout=5 show`],
  flows: ["sh", "-c", flows],
  containers: ["docker", "ps", "--all"],
  networks: ["sh", "-c", "docker network inspect $(docker network ls --quiet)"],
  inspect: ["sh", "-c", "docker inspect $(docker ps --quiet --filter label=netconform)"],
  "engine process": ["sh", "-c", engineProcess],
  "kernel log": ["sh", "-c", "dmesg | tail -50"],
};

/**
 * Collects evidence from every node at once; logs begin where they ended when they were as long as `since` says. A look that fails is evidence,
 * too, so nothing here throws.
 */
export async function collectEvidence(
  cluster: Pick<Cluster, "nodes">,
  since: LogSizes = new Map(),
): Promise<NodeEvidence[]> {
  return Promise.all(cluster.nodes.map((node) => collectFrom(node, since.get(node.name) ?? "")));
}

async function collectFrom(node: ClusterNode, sizes: string): Promise<NodeEvidence> {
  const told = await Promise.all(
    Object.entries({ ...looks, ...looksAtLogs(sizes) }).map(async ([name, argv]): Promise<NodeLook> => {
      const text = await node.exec(argv, { deadlineMs: perCommandMs }).then(
        (result) => (result.code === 0 ? result.stdout : `exit ${result.code}: ${result.stderr}`),
        (error: Error) => `not collected: ${error.message}`,
      );
      const [program, ...args] = argv;
      return { name, command: program === "sh" ? (args[1] ?? "") : [program, ...args].join(" "), text };
    }),
  );
  const sections = told.map(
    ({ name, command, text }) => `===== ${node.name}: ${name} (${command})\n${text.trimEnd()}\n`,
  );
  return { name: `${node.name}-state.txt`, content: sections.join("\n"), host: node.name, looks: told };
}
