import { Nonconformance } from "#harness/core/errors.ts";
import { addressOf, contains } from "#harness/core/ip.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";

/**
 * The workload as it is reached at the address that it really has in an IPv6 subnet, a CIDR such as `fd00:10:1:6::/64`. Throws
 * `Nonconformance` when it has none there.
 */
export async function overIpv6(workload: Workload, subnet6: string): Promise<Peer> {
  const addresses = (await workload.links()).flatMap((link) => link.addresses);
  const address = addresses.find((cidr) => contains(subnet6, addressOf(cidr)));
  if (address === undefined) {
    throw new Nonconformance({
      who: workload.name,
      expected: `an address in ${subnet6}`,
      got: addresses.join(", "),
    });
  }
  return { name: workload.name, ip: addressOf(address), agent: () => workload.agent() };
}
