import type { Role } from "#harness/cluster/cluster.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { nameOf } from "#harness/conformance/ip-versions/each.ts";
import type { IpVersion, Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { Pair } from "#harness/conformance/pair.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import {
  type CaptureWhileOptions,
  captureWhile,
  carrying,
  describeSeen,
  type SeenPacket,
} from "#harness/observe/capture/capture-while.ts";
import { expectPing } from "#harness/observe/probe/path.ts";

/** Where frames between nodes are to be seen. */
interface Wire extends Pick<CaptureWhileOptions, "keep"> {
  readonly underlay: Role;
}

/**
 * What one container of a pair sends to the other over each of those IP versions is seen on the second node's underlay inside VXLAN, of
 * one VNI, and bare on none of that node's interfaces. Nothing is bare between a first and a last ping that were seen inside VXLAN. Throws
 * `Nonconformance` otherwise.
 */
export async function expectEncapsulated(
  { a, b, over }: Pair & Pick<Stacked, "over">,
  versions: readonly IpVersion[],
  { underlay, keep }: Wire,
): Promise<void> {
  const { node } = b;
  const pings = await Promise.all(
    versions.map(async (version) => {
      const [from, to] = await Promise.all([over(version, a), over(version, b)]);
      const markers = ["first", "second", "last"].map((name) => ({ name, marker: uniqueMarker() }));
      return { version, from, to, markers };
    }),
  );
  await Promise.all(pings.map(({ from, to }) => expectPing(from, to)));
  const devices = Object.values(node.interfaces).map(({ device }) => device);
  const seen = await captureWhile({ node, devices, keep }, () =>
    Promise.all(
      pings.map(async ({ from, to, markers }) => {
        for (const { marker } of markers) await expectPing(from, to, { marker });
      }),
    ),
  );
  for (const { version, markers } of pings) {
    const who = `the ping over ${nameOf(version)} from ${a.name} to ${b.name}`;
    const vnis = new Set<number>();
    const bare: SeenPacket[] = [];
    for (const { name, marker } of markers) {
      const carried = new Set<string>();
      for (const one of carrying(seen, marker)) {
        if (!one.packet.vxlan) bare.push(one);
        else {
          carried.add(one.device);
          vnis.add(one.packet.vxlan.vni);
        }
      }
      expectFact(
        `${who}, the ${name} of three`,
        "seen as VXLAN on",
        [...carried],
        [node.interfaces[underlay].device],
      );
    }
    expectThat(vnis.size === 1, { who, expected: "one VNI", got: [...vnis].join(", ") });
    expectFact(
      who,
      "bare packets on the wire",
      bare.map((one) => describeSeen([one])),
      [],
    );
  }
}
