import { heldOver, ipv6FilteredSince } from "#harness/conformance/ip-versions/each.ts";
import { peerOf } from "#harness/conformance/ip-versions/hosts.ts";
import type { IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectRefused } from "#harness/observe/probe/reachability.ts";
import { exchangeMs } from "#harness/workload/reach/exchange.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { type LifecycleTest, publishes, type Reach, transports } from "./fixture.ts";

/**
 * Of a container that is stopped: the port of its node is refused to the external host, as one without a server is, and its name leads
 * nowhere. Whether it was reached before, and is again, is for `expectReached`.
 */
export async function expectStopped(
  test: LifecycleTest,
  { name, node }: Workload,
  { from, stacked: { versions, over }, everywhere, hostPort }: Reach,
): Promise<void> {
  const { capabilities } = test.declaration;
  // Engines of other nodes are told of it.
  const settleMs = capabilities.includes("multihost") ? exchangeMs : 0;
  const expectNoNameOver = async (version: IpVersion) => {
    const { ip } = await over(version, from);
    const type = version === 4 ? "A" : "AAAA";
    // The name of the one that asks: what answers it is seen to answer.
    const control = { name: from.name, type, addresses: [ip] } as const;
    await expectNoName(from, { name, type }, { control, settleMs });
  };
  const expectRefusedOver = async (version: IpVersion) => {
    if (hostPort === undefined || !publishes(test)) return;
    const hosts = everywhere.over(version);
    const at = { address: peerOf(hosts, node).ip, port: hostPort, identity: undefined };
    await Promise.all(transports.map((protocol) => expectRefused(hosts.external, { name, protocol, ...at })));
  };
  const named = capabilities.includes("names");
  await Promise.all([
    ...(named ? versions.map(expectNoNameOver) : []),
    ...heldOver(test, versions, { since: ipv6FilteredSince }).map(expectRefusedOver),
  ]);
}
