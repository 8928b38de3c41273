import type { Transport } from "#harness/host/agent/reach.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpenAs } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { type Hosts, peerOf } from "./hosts.ts";

interface EgressOptions {
  /** As what the outside sees a workload; default: the address of its node, to which it is translated. */
  readonly source?: string;
  readonly deadlineMs?: number;
}

/**
 * The external host answers the workload over TCP, UDP and by ping, and sees that source, an address of the hosts' IP version. Throws
 * `Nonconformance` otherwise.
 */
export async function expectEgress(
  workload: Workload,
  hosts: Hosts,
  { source = peerOf(hosts, workload.node).ip, deadlineMs = 10_000 }: EgressOptions = {},
): Promise<void> {
  const { external } = hosts;
  const over = async (protocol: Transport) => {
    await using asked = await serve(external, { ports: [0], protocol });
    await expectOpenAs(workload, asked.at(asked.ports[0] ?? 0), source, { deadlineMs });
  };
  await Promise.all([over("tcp"), over("udp"), expectPing(workload, external, { deadlineMs })]);
}
