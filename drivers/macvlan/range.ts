import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { familyOf, nthSubnet, prefixOf } from "#harness/core/ip.ts";

/**
 * The part of a subnet (CIDR) that a node gives out: sixteen addresses of a /24, a /72 of an IPv6 /64, an equal part of a subnet that has not
 * so many. Engines know nothing of each other: each creates the network with the same subnet, and would give the same addresses out.
 */
export function rangeOf(cluster: Cluster, node: ClusterNode, subnet: string): string {
  const equalPart = prefixOf(subnet) + Math.ceil(Math.log2(cluster.nodes.length));
  const usual = familyOf(subnet) === 6 ? 72 : 28;
  return nthSubnet(subnet, Math.max(usual, equalPart), cluster.nodes.indexOf(node));
}
