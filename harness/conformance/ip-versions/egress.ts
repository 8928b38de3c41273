import type { Cluster } from "#harness/cluster/cluster.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpenAs } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { fetchFromExternalHost } from "#harness/workload/reach/fetch.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { type Hosts, peerOf, type StackedHosts } from "./hosts.ts";
import type { IpVersion } from "./stacked.ts";

/** As what the outside sees a workload; default: the address of its node, to which it is translated. */
interface Source {
  readonly source?: string;
}

/** The workload reaches the outside over that IP version. Throws `Nonconformance` otherwise. */
export async function expectOutside(
  cluster: Cluster,
  workload: Workload,
  version: IpVersion,
  everywhere: StackedHosts,
  as: Source = {},
): Promise<void> {
  if (version === 4) await fetchFromExternalHost(cluster, workload, as);
  else await expectEgress(workload, everywhere.over(version), as);
}

/** The external host answers the workload, and sees that source, an address of the hosts' IP version. Throws `Nonconformance` otherwise. */
export async function expectEgress(
  workload: Workload,
  hosts: Hosts,
  { source = peerOf(hosts, workload.node).ip }: Source = {},
): Promise<void> {
  const { external } = hosts;
  await using asked = await serve(external, { ports: [0] });
  await expectOpenAs(workload, asked.at(asked.ports[0] ?? 0), source);
  await expectPing(workload, external);
}
