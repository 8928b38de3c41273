import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { undoably } from "#harness/host/undoably.ts";
import type { Scope } from "#harness/scope.ts";
import type { CniProfile } from "./profile.ts";
import type { Site } from "./site.ts";

/** A node and its part of a network. */
interface Place {
  readonly node: ClusterNode;
  readonly site: Site;
}

/**
 * What plugins leave to whoever runs them: the way between the nodes, and a firewall that lets a network's own traffic
 * and its published ports through. Everything of the network goes when `scope` closes, also the bridge that the
 * bridge plugin makes with the first container and never removes.
 */
export async function layGround(
  scope: Scope,
  cluster: Pick<Cluster, "nodes">,
  profile: Pick<CniProfile, "join" | "carrier">,
  sites: readonly Site[],
): Promise<void> {
  const places = cluster.nodes.flatMap((node, index): Place[] => {
    const site = sites[index];
    return site ? [{ node, site }] : [];
  });
  await Promise.all(
    places.map(async (place) => {
      const own = scope.child(`${place.site.name} on ${place.node.name}`, { kind: "node" });
      own.defer("what plugins keep of a network", () => forget(place));
      if (!profile.join) return;
      await openFirewall(own, place);
      const others = places.filter(({ node }) => node !== place.node);
      const carrier = profile.carrier ?? "control";
      if (profile.join === "routes") {
        for (const other of others) await routeTo(own, place.node, other, carrier);
      } else await joinByVxlan(own, place, others, carrier);
    }),
  );
}

/** An empty lease folder is no leftover; one with leases stays, so that it is found. */
async function forget({ node, site }: Place): Promise<void> {
  const folder = `/var/lib/cni/networks/${site.name}`;
  await node.exec(["ip", "link", "del", site.bridge]);
  const script = 'rm -f "$1"/lock "$1"/last_reserved_ip.*; rmdir "$1"';
  await node.exec(["sh", "-c", script, "sh", folder]);
}

/**
 * Engines set the policy of FORWARD to DROP, and ipMasq takes the other nodes' parts of a network for the outside.
 * Where Kubernetes runs, its proxy and its masquerade agent add such rules.
 */
async function openFirewall(scope: Scope, { node, site: { name, subnet } }: Place): Promise<void> {
  const comment = ["-m", "comment", "--comment", name];
  const rules = [
    ["filter", "FORWARD", "-s", subnet, "-d", subnet, ...comment, "-j", "ACCEPT"],
    ["filter", "FORWARD", "-d", subnet, "-m", "conntrack", "--ctstate", "DNAT", ...comment, "-j", "ACCEPT"],
    ["nat", "POSTROUTING", "-s", subnet, "-d", subnet, ...comment, "-j", "ACCEPT"],
  ];
  for (const [table = "", chain = "", ...rule] of rules) {
    const iptables = (act: string) => ["iptables", "--wait", "-t", table, act, chain, ...rule];
    await undoably(scope, node, iptables("-I"), iptables("-D"));
  }
}

async function routeTo(
  scope: Scope,
  node: ClusterNode,
  { node: { interfaces }, site }: Place,
  carrier: keyof ClusterNode["interfaces"],
): Promise<void> {
  const route = [site.nodeSubnet, "via", interfaces[carrier].address, "dev", node.interfaces[carrier].device];
  await undoably(scope, node, ["ip", "route", "add", ...route], ["ip", "route", "del", ...route]);
}

/** Every other node is in the FDB for frames to everybody; which node has which MAC is learned from there on. */
async function joinByVxlan(
  scope: Scope,
  { node, site }: Place,
  others: readonly Place[],
  carrier: keyof ClusterNode["interfaces"],
): Promise<void> {
  const { address, device } = node.interfaces[carrier];
  await node.run(["ip", "link", "add", site.bridge, "type", "bridge"]);
  const tunnel = [
    "type",
    "vxlan",
    "id",
    String(site.vni),
    "local",
    address,
    "dev",
    device,
    "dstport",
    "4789",
  ];
  await undoably(
    scope,
    node,
    ["ip", "link", "add", site.vxlan, ...tunnel],
    ["ip", "link", "del", site.vxlan],
  );
  for (const other of others) {
    const peer = other.node.interfaces[carrier].address;
    await node.run(["bridge", "fdb", "append", "00:00:00:00:00:00", "dev", site.vxlan, "dst", peer]);
  }
  await node.run(["ip", "link", "set", site.vxlan, "master", site.bridge, "up"]);
  await node.run(["ip", "link", "set", site.bridge, "up"]);
}
