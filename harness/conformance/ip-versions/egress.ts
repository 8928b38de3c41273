import { expectFact } from "#harness/conformance/expect.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";
import type { Hosts } from "./hosts.ts";

/** The external host answers the workload, and sees the address of its node as the source. Throws `Nonconformance` otherwise. */
export async function expectEgress(workload: Workload, { external, nodes }: Hosts): Promise<void> {
  await using asked = await serve(external, { ports: [0] });
  const { seenFrom } = await expectOpen(workload, asked.at(asked.ports[0] ?? 0));
  const node = nodes.find(({ name }) => name === workload.node.name);
  expectFact(
    `${external.name}'s server, asked by ${workload.name}`,
    "the client",
    seenFrom?.address,
    node?.ip,
  );
  await expectPing(workload, external);
}
