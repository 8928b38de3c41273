import type { InstalledDriver } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import type { Network, NetworkSpec } from "#harness/workload/network.ts";
import { overIpv6 } from "#harness/workload/reach/over-ipv6.ts";
import type { Workload } from "#harness/workload/workload.ts";

export type IpVersion = 4 | 6;

/** A network that carries IPv6 beside IPv4 where the driver declares that and the cluster offers it. */
export interface Stacked {
  readonly network: Network;
  /** IPv6 CIDR; absent where it carries IPv4 alone. */
  readonly subnet6?: string;
  /** What it carries, IPv4 first. */
  readonly versions: readonly IpVersion[];
  /** A workload of the network, as others reach it there. Throws `Nonconformance` when it has no such address in the network's subnet. */
  over(version: IpVersion, workload: Workload): Promise<Peer>;
}

/** The IP versions that a driver's networks have on this cluster, IPv4 first. */
export async function ipVersionsOf({
  cluster,
  declaration,
}: Pick<ChapterContext, "cluster" | "declaration">): Promise<readonly IpVersion[]> {
  const { capabilities, needs } = declaration;
  if (!capabilities.includes("ipv6")) return [4];
  const offers = await Promise.all((needs?.ipv6 ?? []).map((feature) => cluster.offers(feature)));
  return offers.every(({ offered }) => offered) ? [4, 6] : [4];
}

/** Makes such a network, dual-stack with subnets of its own where none are wanted; it is removed when `scope` closes. */
export async function createStacked(
  scope: Scope,
  context: Pick<ChapterContext, "cluster" | "declaration"> & { readonly driver: InstalledDriver },
  spec: NetworkSpec = {},
): Promise<Stacked> {
  const versions = await ipVersionsOf(context);
  const { subnet6: wanted6, ...spec4 } = spec;
  const subnet6 = versions.includes(6) ? (wanted6 ?? freshSubnet6()) : undefined;
  const wanted = subnet6 ? { subnet: freshSubnet(), ...spec4, subnet6 } : spec4;
  const network = await context.driver.createNetwork(scope, wanted);
  return {
    network,
    ...(subnet6 ? { subnet6 } : {}),
    versions,
    async over(version, workload) {
      if (version === 4) return workload;
      if (!subnet6) throw new HarnessError(`${network.name} carries IPv4 alone`);
      return overIpv6(workload, subnet6);
    },
  };
}
