import { expectFact, expectPresent } from "#harness/conformance/expect.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import {
  type CaptureWhileOptions,
  captureWhile,
  carrying,
  describeSeen,
} from "#harness/observe/capture/capture-while.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** A workload, and how it is reached: itself, or as it is over IPv6. */
export interface End {
  readonly workload: Workload;
  readonly peer: Peer;
}

/**
 * Pings from a workload to one on another node, each seen on that node's data interface as a frame between their MACs and addresses that
 * carries `tag` alone, and on no other interface of it. All are looked for: nothing but tagged frames is there between a first and a last
 * one that were seen.
 */
export async function expectTaggedFrames(
  { workload: a, peer: from }: End,
  { workload: b, peer: to }: End,
  { tag, keep }: { readonly tag: number } & Pick<CaptureWhileOptions, "keep">,
): Promise<void> {
  const pings = ["first", "second", "last"].map((name) => ({ name, marker: uniqueMarker() }));
  const { device } = b.node.interfaces.data;
  const devices = Object.values(b.node.interfaces).map((one) => one.device);
  const seen = await captureWhile({ node: b.node, devices, keep }, async () => {
    for (const { marker } of pings) await expectPing(from, to, { marker });
  });
  for (const { name, marker } of pings) {
    const frames = carrying(seen, marker);
    const { packet: request } = expectPresent(
      frames.find(({ packet }) => packet.source === a.mac),
      {
        who: `the ${name} of three pings from ${a.name} to ${b.name}`,
        expected: `a frame from its own MAC ${a.mac} on ${device}`,
        got: frames.map((one) => `${one.packet.source} ${describeSeen([one])}`).join("; ") || "none",
      },
    );
    expectFact("that frame", "its destination", request.destination, b.mac);
    expectFact(
      "that frame",
      "its inner addresses",
      [request.ip?.source, request.ip?.destination],
      [from.ip, to.ip],
    );
    for (const one of frames) {
      const { vlans, vxlan } = one.packet;
      expectFact(
        describeSeen([one]),
        "interface, tags and encapsulation",
        { where: one.device, tags: vlans.map(({ id }) => id), vxlan: vxlan !== undefined },
        { where: device, tags: [tag], vxlan: false },
      );
    }
  }
}
