import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Host } from "#harness/host/host.ts";
import type { Feature } from "#suites/requirements/capability.ts";

/** What a node says when asked for a feature; `undefined` means that it has it. */
type Lack = string | undefined;

const probes: Record<Feature, (node: ClusterNode) => Promise<Lack>> = {
  vxlan: (node) => tryLink(node, ["type", "vxlan", "id", "16777215", "dstport", "65000"]),
  vlan8021q: (node) => tryLink(node, ["link", node.interfaces.data.device, "type", "vlan", "id", "4094"]),
  macvlan: (node) =>
    tryLink(node, ["link", node.interfaces.data.device, "type", "macvlan", "mode", "bridge"]),
  esp: async (node) => {
    // Addresses of documentation (RFC 5737), which no traffic has.
    const association = ["src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "0x6e63"];
    const key = `0x${"00".repeat(20)}`;
    const cipher = ["mode", "transport", "aead", "rfc4106(gcm(aes))", key, "64"];
    const added = await node.exec(["ip", "xfrm", "state", "add", ...association, ...cipher]);
    if (added.code !== 0) return `ip xfrm state add proto esp: ${added.stderr.trim()}`;
    await node.run(["ip", "xfrm", "state", "delete", ...association]);
    return undefined;
  },
  openvswitch: (node) => lacksTool(node, "ovs-vsctl"),
  sctp: async (node) => (await lacksSctpSockets(node)) ?? lacksSctpTranslation(node),
  bird: (node) => lacksTool(node, "bird"),
  ipv6: async (node) => {
    const loopback = await node.exec(["ip", "-6", "-oneline", "address", "show", "dev", "lo"]);
    if (!loopback.stdout.includes(" ::1/128 ")) return "loopback has no ::1";
    const translation = await node.exec(["ip6tables", "--wait", "-t", "nat", "-S"]);
    return translation.code === 0 ? undefined : `ip6tables -t nat -S: ${translation.stderr.trim()}`;
  },
  ipvs: async (node) => {
    const has = await node.exec(["test", "-e", "/proc/net/ip_vs"]);
    if (has.code === 0) return undefined;
    const loaded = await node.exec(["modprobe", "ip_vs"]);
    return loaded.code === 0 ? undefined : "the kernel has no ip_vs";
  },
  clusterStore: async (node) => {
    // The option is hidden in the help of engines that have it.
    const asked = await node.exec(["dockerd", "--cluster-store=", "--help"]);
    if (asked.code === 0) return undefined;
    const { Version } = await node.docker.version();
    return `Docker ${Version} has no --cluster-store (removed in 23.0)`;
  },
};

/** The same of who only asks the nodes. */
const clientProbes: Partial<Record<Feature, (host: Host) => Promise<Lack>>> = { sctp: lacksSctpSockets };

/** Looks for the feature on every node, and, where it takes both ends, on a host that asks them. */
export async function probeFeature(
  { nodes, clients = [] }: Pick<Cluster, "nodes"> & { readonly clients?: readonly Host[] },
  feature: Feature,
): ReturnType<Cluster["offers"]> {
  const told = async (host: Host, lack: Promise<Lack> | undefined) => {
    const why = await lack;
    return why ? [`${host.name}: ${why}`] : [];
  };
  const lacks = await Promise.all([
    ...nodes.map((node) => told(node, probes[feature](node))),
    ...clients.map((host) => told(host, clientProbes[feature]?.(host))),
  ]);
  const reasons = lacks.flat();
  return reasons.length === 0 ? { offered: true } : { offered: false, reason: reasons.join("; ") };
}

async function tryLink(host: Host, what: string[]): Promise<Lack> {
  // Several features may be looked for at once.
  const device = `ncprobe-${what[what.indexOf("type") + 1]}`;
  const [first, ...rest] = what;
  const argv =
    first === "link"
      ? ["ip", "link", "add", "link", rest[0] ?? "", "name", device, ...rest.slice(1)]
      : ["ip", "link", "add", "name", device, ...what];
  const added = await host.exec(argv);
  if (added.code !== 0) return `${argv.slice(0, 3).join(" ")} ${what.join(" ")}: ${added.stderr.trim()}`;
  await host.run(["ip", "link", "del", device]);
  return undefined;
}

async function lacksTool(host: Host, tool: string): Promise<Lack> {
  const found = await host.exec(["sh", "-c", 'command -v "$1"', "sh", tool]);
  return found.code === 0 ? undefined : `${tool} is not installed`;
}

/** Asking for a socket has the kernel load the module, where there is one. */
async function lacksSctpSockets(host: Host): Promise<Lack> {
  // 132 is the number of SCTP.
  const open = "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)";
  const { code, stderr } = await host.exec(["python3", "-c", open]);
  return code === 0 ? undefined : `no sockets of SCTP: ${stderr.trim().split("\n").at(-1)}`;
}

/** Whether iptables translates it, and conntrack follows it; tried in a network namespace that goes with the command. */
async function lacksSctpTranslation(host: Host): Promise<Lack> {
  // Of documentation (RFC 5737).
  const rule = "PREROUTING -p sctp --dport 9 -j DNAT --to-destination 192.0.2.1:9";
  const followed = "/proc/sys/net/netfilter/nf_conntrack_sctp_timeout_established";
  const script = `iptables --wait -t nat -A ${rule} && test -e ${followed}`;
  const { code, stderr } = await host.exec(["unshare", "--net", "sh", "-c", script]);
  if (code === 0) return undefined;
  return `iptables -t nat -A ${rule}: ${stderr.trim() || "conntrack does not follow SCTP"}`;
}
