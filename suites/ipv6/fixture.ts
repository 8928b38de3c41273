import { addressOf, contains } from "#harness/core/ip.ts";
import type { Link, Workload } from "#harness/workload/workload.ts";

/**
 * The address that a workload has on its link without anybody's doing (RFC 4291, section 2.5.6), as a neighbour of its network asks
 * for it: with the neighbour's interface. Undefined where it has none.
 */
export async function linkLocalOf(workload: Workload, neighbour: Workload): Promise<string | undefined> {
  const [own, theirs] = await Promise.all([linkOf(workload), linkOf(neighbour)]);
  const cidr = own?.addresses.find((one) => contains("fe80::/10", addressOf(one)));
  return cidr && theirs && `${addressOf(cidr)}%${theirs.name}`;
}

async function linkOf(workload: Workload): Promise<Link | undefined> {
  return (await workload.links()).find(({ mac }) => mac === workload.mac);
}
