import { expectThat } from "#harness/conformance/expect.ts";
import type { Pair } from "#harness/conformance/pair.ts";
import type { Host } from "#harness/host/host.ts";
import { carrying, describeSeen, type SeenPacket } from "#harness/observe/capture/capture-while.ts";
import type { Frame } from "#harness/observe/capture/packet.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** IANA's number of ESP (RFC 4303, section 2). */
const esp = 50;

/** All interfaces of a workload's node. */
export function devicesOf({ node }: Workload): string[] {
  return Object.values(node.interfaces).map(({ device }) => device);
}

/** Expects each marker inside of VXLAN: the capture saw what was on the wire while the pings with them went over it. */
export function expectSeenAsVxlan(seen: readonly SeenPacket[], markers: readonly string[]): void {
  for (const [index, marker] of markers.entries()) {
    expectThat(
      carrying(seen, marker).some(({ packet }) => packet.vxlan),
      {
        who: `ping ${index + 1} of ${markers.length} in the network that is not encrypted`,
        expected: "seen as VXLAN between the nodes",
        got: describeSeen(carrying(seen, marker)),
      },
    );
  }
}

/** Expects that neither packets with a marker nor VXLAN of the pair that one of its nodes sent is among those seen. */
export function expectNothingBare(
  seen: readonly SeenPacket[],
  { network, a, b }: Pair,
  markers: readonly string[],
): void {
  const nodes = [a, b].flatMap(({ node }) => Object.values(node.interfaces).map(({ address }) => address));
  const marked = new Set(markers.flatMap((marker) => carrying(seen, marker)));
  const bare = seen.filter(
    (one) =>
      marked.has(one) ||
      (nodes.includes(one.packet.ip?.source ?? "") && isBetween(one.packet.vxlan?.inner, [a.mac, b.mac])),
  );
  expectThat(bare.length === 0, {
    who: `traffic of ${network.name} between ${a.node.name} and ${b.node.name}`,
    expected: "nothing bare",
    got: describeSeen(bare.slice(0, 3)),
  });
}

function isBetween(frame: Frame | undefined, macs: readonly string[]): boolean {
  return frame !== undefined && macs.includes(frame.source) && macs.includes(frame.destination);
}

/** Those packets that are ESP from one address to another. */
export function espBetween(
  seen: readonly SeenPacket[],
  { from, to }: { from: string; to: string },
): SeenPacket[] {
  return seen.filter(
    ({ packet: { ip } }) => ip?.protocol === esp && ip.source === from && ip.destination === to,
  );
}

/** The SPIs (`0x…`) of the security associations by which a host sends ESP to an address. */
export async function sendingKeys(host: Host, { from, to }: { from: string; to: string }): Promise<string[]> {
  const listed = await host.run(["ip", "xfrm", "state", "list", "src", from, "dst", to, "proto", "esp"]);
  return [...listed.matchAll(/\bspi (0x[0-9a-f]+)/g)].map(([, spi = ""]) => spi);
}
