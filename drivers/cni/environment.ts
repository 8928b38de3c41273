import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
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
  cluster: Pick<Cluster, "nodes">,
  profile: Pick<CniProfile, "join" | "underlay">,
  nodeValues: readonly NodeValues[],
): Promise<void> {
  const places = cluster.nodes.flatMap((node, index): Place[] => {
    const values = nodeValues[index];
    return values ? [{ node, values }] : [];
  });
  await Promise.all(
    places.map(async (place) => {
      const own = scope.child(`${place.values.name} on ${place.node.name}`, { kind: "node" });
      own.defer("what plugins keep of a network", () => forget(place));
      if (!profile.join) return;
      await openFirewall(own, place);
      const others = places.filter(({ node }) => node !== place.node);
      const underlay = profile.underlay ?? "control";
      if (profile.join === "routes") {
        for (const other of others) await routeTo(own, place.node, other, underlay);
      } else await joinByVxlan(own, place, others, underlay);
    }),
  );
}

/** An empty lease folder is no leftover; one with leases stays, so that it is found. */
async function forget({ node, values }: Place): Promise<void> {
  const folder = `/var/lib/cni/networks/${values.name}`;
  await node.exec(["ip", "link", "del", values.bridge]);
  const script = 'rm -f "$1"/lock "$1"/last_reserved_ip.*; rmdir "$1"';
  await node.exec(["sh", "-c", script, "sh", folder]);
}

/**
 * Engines set the policy of FORWARD to DROP, and ipMasq translates traffic to the other nodes' parts of a
 * network as if it left the network. Where Kubernetes runs, its proxy and its masquerade agent add such
 * rules.
 */
async function openFirewall(scope: Scope, { node, values: { name, subnet } }: Place): Promise<void> {
  const comment = ["-m", "comment", "--comment", name];
  const rules = [
    ["filter", "FORWARD", "-s", subnet, "-d", subnet, ...comment, "-j", "ACCEPT"],
    ["filter", "FORWARD", "-d", subnet, "-m", "conntrack", "--ctstate", "DNAT", ...comment, "-j", "ACCEPT"],
    ["nat", "POSTROUTING", "-s", subnet, "-d", subnet, ...comment, "-j", "ACCEPT"],
  ];
  for (const [table = "", chain = "", ...rule] of rules) {
    const iptables = (act: string) => ["iptables", "--wait", "-t", table, act, chain, ...rule];
    await withUndo(scope, node, iptables("-I"), iptables("-D"));
  }
}

async function routeTo(
  scope: Scope,
  node: ClusterNode,
  { node: { interfaces }, values }: Place,
  underlay: keyof ClusterNode["interfaces"],
): Promise<void> {
  const route = [
    values.nodeSubnet,
    "via",
    interfaces[underlay].address,
    "dev",
    node.interfaces[underlay].device,
  ];
  await withUndo(scope, node, ["ip", "route", "add", ...route], ["ip", "route", "del", ...route]);
}

/** Every other node is in the FDB for broadcast frames; which node has which MAC is learned from there on. */
async function joinByVxlan(
  scope: Scope,
  { node, values }: Place,
  others: readonly Place[],
  underlay: keyof ClusterNode["interfaces"],
): Promise<void> {
  const { address, device } = node.interfaces[underlay];
  await node.run(["ip", "link", "add", values.bridge, "type", "bridge"]);
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
  await node.run(["ip", "link", "set", values.bridge, "up"]);
}
