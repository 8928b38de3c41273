import type { ClusterNode, Role } from "#harness/cluster/cluster.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { heldOver, overEach } from "#harness/conformance/ip-versions/each.ts";
import { runStackedPair } from "#harness/conformance/pair.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { expectReachedWhereItMoved } from "./moving-addresses.ts";
import { expectMtuFits, expectMtuHolds, mtuOf, vxlanOverhead } from "./mtu.ts";
import { forgetLearned } from "./quiet.ts";

const port = 8081;
const moves = 30;
/** Bytes; as a tunnel or a cloud's network leaves. */
const narrowWire = 1400;

chapter("multihost", ({ requirement }) => {
  requirement(
    "M11",
    `${moves} moves of two addresses of each IP version between containers of one node and of two`,
    async (test) => {
      const { scope, cluster } = test;
      const [first, second] = cluster.nodes;
      if (!first || !second) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
      const { a, b, ...stacked } = await runStackedPair(scope, test, { subnet: "10.1.11.0/24" });
      await expectReachedWhereItMoved(test, {
        stacked,
        places: [first, first, second],
        observers: [a, b],
        moves,
      });
    },
    { deadlineMs: 240_000 },
  );

  requirement(
    "M14",
    `on a wire of ${narrowWire} bytes, between whose ends a packet of the MTU passes`,
    async (test) => {
      const { scope, cluster, driver } = test;
      const underlay = driver.underlay ?? "control";
      await Promise.all(cluster.nodes.map((node) => narrow(scope, node, underlay)));
      const { a, b, versions, over } = await runStackedPair(scope, test, {
        subnet: "10.1.14.0/24",
        mtu: narrowWire - vxlanOverhead,
      });
      for (const workload of [a, b]) {
        const { mtu } = await expectMtuFits(test, workload);
        test.fact(`MTU on ${workload.node.name}`, mtu);
        await expectOthersFit(workload);
      }
      const { mtu } = await expectMtuFits(test, a);
      await overEach(test, versions, async (version) =>
        expectMtuHolds(await over(version, a), await over(version, b), mtu),
      );
    },
    // M8 measures the same wire.
    { alone: true },
  );

  requirement(
    "M16",
    "with everything learned forgotten on every node",
    async (test) => {
      const { scope, cluster } = test;
      const { a, b, versions, over } = await runStackedPair(scope, test, { subnet: "10.1.16.0/24" });
      const servers = new Map(
        await Promise.all(
          [a, b].map(async (one) => [one, await serve(one, { ports: [port], protocol: "udp" })] as const),
        ),
      );
      const sides = [
        [a, b],
        [b, a],
      ] as const;
      // One after the other: what is sent over one IP version teaches switches for the other.
      for (const version of heldOver(test, versions)) {
        for (const [from, to] of sides) {
          const { ip: address } = await over(version, to);
          const target = servers.get(to)!.at(port, { address });
          await expectOpen(from, target);
          await Promise.all(cluster.nodes.map(forgetLearned));
          await expectOpen(from, target);
        }
      }
    },
    // What is forgotten everywhere would hide what M11 looks for.
    { alone: true },
  );
});

/** Sets the MTU of an interface of the node until `scope` closes. Throws `Blocked` where the harness comes that way itself. */
async function narrow(scope: Scope, node: ClusterNode, role: Role): Promise<void> {
  const { device } = node.interfaces[role];
  if (device === node.interfaces.management.device) {
    throw new Blocked(`${node.name}: ${device} carries the harness's own connection as well`);
  }
  const before = await mtuOf(node, device);
  const set = (mtu: number) => ["ip", "link", "set", "dev", device, "mtu", String(mtu)];
  await withUndo(scope, node, set(narrowWire), set(before));
}

/** Interfaces beside the one on the network lead out of the node, whose wire is as it was. */
async function expectOthersFit(workload: Workload): Promise<void> {
  const { device } = workload.node.interfaces.management;
  const wire = await mtuOf(workload.node, device);
  for (const { name, mac, mtu } of await workload.links()) {
    if (name === "lo" || mac === workload.mac) continue;
    expectThat(mtu <= wire, {
      who: `${workload.name} ${name}`,
      expected: `an MTU of at most ${wire}, as that of ${device} of ${workload.node.name}`,
      got: String(mtu),
    });
  }
}
