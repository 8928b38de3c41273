import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { expectDatagram } from "#harness/observe/probe/path.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** Outer Ethernet is not counted by the MTU: IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14 (RFC 7348, section 5). */
export const vxlanOverhead = 50;

/**
 * The MTU of the workload's interface on its network, and that of the wire below it, in bytes. Throws `Nonconformance` when VXLAN
 * does not fit in between.
 */
export async function expectMtuFits(
  { driver, declaration }: Pick<ChapterContext, "driver" | "declaration">,
  workload: Workload,
): Promise<{ mtu: number; wire: number }> {
  const inside = expectPresent(
    (await workload.links()).find((link) => link.mac === workload.mac),
    { who: workload.name, expected: `an interface with MAC ${workload.mac}`, got: "none" },
  );
  const underlay = workload.node.interfaces[driver.underlay ?? "control"].device;
  const wire = await mtuOf(workload.node, underlay);
  const room = wire - inside.mtu;
  expectThat(!declaration.capabilities.includes("vxlan") || room >= vxlanOverhead, {
    who: `${workload.name} ${inside.name} (MTU ${inside.mtu}) on ${underlay} (MTU ${wire})`,
    expected: `at least ${vxlanOverhead} bytes for the encapsulation`,
    got: `${room}`,
  });
  return { mtu: inside.mtu, wire };
}

/** Bytes. Throws `HarnessError` when the node has no such interface. */
export async function mtuOf(node: ClusterNode, device: string): Promise<number> {
  const link = parseLinks(await node.run(listLinks)).find(({ name }) => name === device);
  if (!link) throw new HarnessError(`${node.name} has no interface ${device}`);
  return link.mtu;
}

/**
 * A packet of the MTU passes from one workload to another, and one byte more is refused or passes in pieces. Over IPv6 the sender
 * alone makes pieces (RFC 8200, sections 4.5 and 5): what is too large for the network is lost there.
 */
export async function expectMtuHolds(from: Peer, to: Peer, mtu: number): Promise<void> {
  await using server = await serve(to, { ports: [0], protocol: "udp" });
  const target = server.at(server.ports[0] ?? 0);
  await expectOpen(from, target);
  await expectDatagram(from, target, { packetBytes: mtu });
  await expectDatagram(from, target, { packetBytes: mtu + 1, allowed: ["too big"] });
  await expectDatagram(from, target, { packetBytes: mtu + 1, dontFragment: false });
}
