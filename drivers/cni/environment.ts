import type { Cluster, ClusterNode, Role } from "#harness/cluster/cluster.ts";
import { removeIsolationOf } from "#harness/cluster/hosts/undo/firewall.ts";
import { address6Of, assignIpv6, prefix6Of } from "#harness/cluster/ipv6.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { NodeValues } from "./node-values.ts";
import type { CniProfile } from "./profile.ts";

/** A node and its part of a network. */
interface Place {
  readonly node: ClusterNode;
  readonly values: NodeValues;
}

/**
 * What plugins leave to the administrator: routes or tunnels between the nodes, and a firewall that lets a
 * network's own traffic and its published ports through. Everything of the network goes when `scope` closes,
 * also the bridge that the bridge plugin makes with the first container and never removes.
 */
export async function prepareEnvironment(
  scope: Scope,
  cluster: Pick<Cluster, "id" | "nodes">,
  profile: Pick<CniProfile, "join" | "underlay" | "config">,
  nodeValues: readonly NodeValues[],
): Promise<void> {
  const places = cluster.nodes.flatMap((node, index): Place[] => {
    const values = nodeValues[index];
    return values ? [{ node, values }] : [];
  });
  await Promise.all(
    places.map(async (place) => {
      const own = scope.child(`${place.values.name} on ${place.node.name}`, { kind: "node" });
      own.defer("what plugins keep of a network", () => forget(place, profile));
      if (place.values.announced) await letIn(own, place);
      if (place.values.announced || !profile.join) return;
      await openFirewall(own, place);
      if (profile.join === "vxlan" || (place.values.ipv6 && isBridged(profile, place.values)))
        await makeBridge(place);
      const others = places.filter(({ node }) => node !== place.node);
      const underlay = profile.underlay ?? "control";
      if (profile.join === "routes") {
        for (const other of others) await routesTo(own, place.node, other, underlay, cluster.id);
      } else await joinByVxlan(own, place, others, underlay);
    }),
  );
}

/** Before the bridge plugin, which gives a bridge an IPv6 address also where the node's new interfaces have none. */
async function makeBridge({ node, values: { bridge, ipv6 } }: Place): Promise<void> {
  await node.run(["ip", "link", "add", bridge, "type", "bridge"]);
  if (ipv6) await node.run(["sysctl", "--quiet", `net.ipv6.conf.${bridge}.disable_ipv6=0`]);
  await node.run(["ip", "link", "set", bridge, "up"]);
}

/**
 * The firewall plugin never removes its rules for a bridge, as the bridge plugin never removes the bridge. An empty lease folder is no
 * leftover; one with leases stays, so that it is found.
 */
async function forget({ node, values }: Place, { config }: Pick<CniProfile, "config">): Promise<void> {
  const folder = `/var/lib/cni/networks/${values.name}`;
  await node.exec(["ip", "link", "del", values.bridge]);
  if (isolates(config(values))) await removeIsolationOf(node, values.bridge);
  const script = 'rm -f "$1"/lock "$1"/last_reserved_ip.*; rmdir "$1"';
  await node.exec(["sh", "-c", script, "sh", folder]);
}

/**
 * Engines set the policy of FORWARD to DROP, and ipMasq translates traffic to the other nodes' parts of a
 * network as if it left the network. Where Kubernetes runs, its proxy and its masquerade agent add such
 * rules.
 */
async function openFirewall(scope: Scope, { node, values }: Place): Promise<void> {
  const comment = commentOf(values.name);
  // What reaches a published port from its own network must be masqueraded, or it would be answered directly.
  const untranslated = ["-m", "conntrack", "!", "--ctstate", "DNAT"];
  const translated = ["-m", "conntrack", "--ctstate", "DNAT"];
  const rulesOf = (whole: string) => [
    ["filter", "FORWARD", "-s", whole, "-d", whole, ...comment, "-j", "ACCEPT"],
    ["filter", "FORWARD", "-d", whole, ...translated, ...comment, "-j", "ACCEPT"],
    ["nat", "POSTROUTING", "-s", whole, "-d", whole, ...untranslated, ...comment, "-j", "ACCEPT"],
  ];
  await insertRules(scope, node, values, rulesOf);
}

/** What is announced is reached from wherever there is a route, and by its own address. */
async function letIn(scope: Scope, { node, values }: Place): Promise<void> {
  const comment = commentOf(values.name);
  await insertRules(scope, node, values, (whole) =>
    ["-s", "-d"].map((end) => ["filter", "FORWARD", end, whole, ...comment, "-j", "ACCEPT"]),
  );
}

function commentOf(name: string): string[] {
  return ["-m", "comment", "--comment", name];
}

/** A rule begins with its table and chain. */
async function insertRules(
  scope: Scope,
  node: ClusterNode,
  { subnet, ipv6 }: Pick<NodeValues, "subnet" | "ipv6">,
  rulesOf: (whole: string) => readonly (readonly string[])[],
): Promise<void> {
  const families = [
    { program: "iptables", rules: rulesOf(subnet) },
    ...(ipv6 ? [{ program: "ip6tables", rules: rulesOf(ipv6.subnet) }] : []),
  ];
  for (const { program, rules } of families) {
    for (const [table = "", chain = "", ...rule] of rules) {
      const command = (act: string) => [program, "--wait", "-t", table, act, chain, ...rule];
      await withUndo(scope, node, command("-I"), command("-D"));
    }
  }
}

async function routesTo(
  scope: Scope,
  node: ClusterNode,
  { node: { interfaces }, values }: Place,
  underlay: Role,
  cluster: string,
): Promise<void> {
  const { address } = interfaces[underlay];
  const ways = [
    { to: values.nodeSubnet, via: address },
    ...(values.ipv6
      ? [{ to: values.ipv6.nodeSubnet, via: address6Of(prefix6Of(cluster, underlay), address) }]
      : []),
  ];
  for (const { to, via } of ways) {
    const route = [to, "via", via, "dev", node.interfaces[underlay].device];
    await withUndo(scope, node, ["ip", "route", "add", ...route], ["ip", "route", "del", ...route]);
  }
}

function isolates(config: unknown): boolean {
  return JSON.stringify(config).includes('"ingressPolicy"');
}

/** Whether a configuration has the network's bridge, and its containers no host end of their own that carries addresses. */
export function isBridged({ config }: Pick<CniProfile, "config">, values: NodeValues): boolean {
  return JSON.stringify(config(values)).includes(values.bridge);
}

/** Gives every node an IPv6 address on the underlay, over which the others have their routes. */
export async function addressUnderlay(scope: Scope, cluster: Cluster, underlay: Role): Promise<void> {
  const prefix = prefix6Of(cluster.id, underlay);
  await Promise.all(cluster.nodes.map((node) => assignIpv6(scope, node, node.interfaces[underlay], prefix)));
}

/** Every other node is in the FDB for broadcast frames; which node has which MAC is learned from there on. */
async function joinByVxlan(
  scope: Scope,
  { node, values }: Place,
  others: readonly Place[],
  underlay: keyof ClusterNode["interfaces"],
): Promise<void> {
  const { address, device } = node.interfaces[underlay];
  const tunnel = [
    "type",
    "vxlan",
    "id",
    String(values.vni),
    "local",
    address,
    "dev",
    device,
    "dstport",
    "4789",
  ];
  await withUndo(
    scope,
    node,
    ["ip", "link", "add", values.vxlan, ...tunnel],
    ["ip", "link", "del", values.vxlan],
  );
  for (const other of others) {
    const peer = other.node.interfaces[underlay].address;
    await node.run(["bridge", "fdb", "append", "00:00:00:00:00:00", "dev", values.vxlan, "dst", peer]);
  }
  await node.run(["ip", "link", "set", values.vxlan, "master", values.bridge, "up"]);
}
