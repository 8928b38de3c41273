import { chapter } from "#harness/conformance/chapter.ts";
import { expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { captureWhile, describeSeen } from "#harness/observe/capture/capture-while.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { devicesOf, espBetween, expectNothingBare, expectSeenAsVxlan } from "./fixture.ts";
import { expectForged, expectNoForged, expectNoneForged } from "./forged.ts";

const port = 8081;
/** One network after the other: an emulated machine does not attach more containers in the time that swarm gives it. */
const alone = { alone: true } as const;

chapter("encryption", ({ requirement, shared }) => {
  const encrypted = shared("an encrypted network with a container on each node", ({ scope, ...context }) =>
    runPair(scope, context, { encrypted: true }),
  );

  const plain = shared("a network that is not encrypted, on the same nodes", ({ scope, ...context }) =>
    runPair(scope, context),
  );

  requirement(
    "E1",
    "between two pings that are seen as VXLAN, both ways",
    async (test) => {
      const pair = await test.use(encrypted);
      const control = await test.use(plain);
      const { a, b } = pair;
      await Promise.all([expectPing(a, b), expectPing(b, a), expectPing(control.a, control.b)]);
      await using server = await serve(b, { ports: [port] });
      await expectOpen(a, server.at(port));
      const controls = [uniqueMarker(), uniqueMarker()] as const;
      const markers = [uniqueMarker(), uniqueMarker(), uniqueMarker()];
      const seen = await captureWhile({ node: b.node, devices: devicesOf(b), keep: test.keep }, async () => {
        await expectPing(control.a, control.b, { marker: controls[0] });
        for (const marker of markers) await expectPing(a, b, { marker });
        await expectOpen(a, server.at(port));
        await expectPing(control.a, control.b, { marker: controls[1] });
      });
      expectSeenAsVxlan(seen, controls);
      expectNothingBare(seen, pair, markers);
      const underlay = test.driver.underlay ?? "control";
      const [from, to] = [a.node.interfaces[underlay].address, b.node.interfaces[underlay].address];
      for (const way of [
        { from, to },
        { from: to, to: from },
      ]) {
        const count = espBetween(seen, way).length;
        expectThat(count >= markers.length, {
          who: `${markers.length} pings and their answers, from ${way.from} to ${way.to}`,
          expected: `${markers.length} packets of ESP or more`,
          got: `${count}; seen: ${describeSeen(seen.slice(0, 3))}`,
        });
      }
    },
    alone,
  );

  requirement(
    "E2",
    "while an encrypted network is there, and after it went",
    async (test) => {
      const own = test.scope.child("an encrypted network that goes");
      const { a, b } = await test.use(plain);
      const other = await runPair(own, test, { encrypted: true });
      await using server = await serve(b, { ports: [port + 1] });
      const works = () =>
        Promise.all([expectPing(a, b), expectPing(b, a), expectOpen(a, server.at(port + 1))]);
      await expectPing(other.a, other.b);
      await works();
      await own.close();
      await works();
    },
    alone,
  );

  requirement(
    "E3",
    "from a host that is no node of the cluster",
    async (test) => {
      const pair = await test.use(encrypted);
      const control = await test.use(plain);
      const listed = (await test.driver.listNetworks?.()) ?? [];
      const [vni, controlVni] = [pair, control].map(
        ({ network }) =>
          expectPresent(
            listed.find(({ name }) => name === network.name),
            {
              who: `${test.declaration.name}'s listing of networks`,
              expected: network.name,
              got: listed.map(({ name }) => name).join(", ") || "none",
            },
          ).tag,
      );
      const from = hostPeer(test.scope, test.cluster.external);
      const serving = { ports: [port + 2], protocol: "udp" } as const;
      await using target = await serve(pair.b, serving);
      await using controlled = await serve(control.b, serving);
      const forged = { from, like: pair.a, to: pair.b, server: target, vni: vni ?? 0 };
      await besideControl(
        async () => {
          await expectOpen(pair.a, target.at(port + 2));
          await expectForged({
            from,
            like: control.a,
            to: control.b,
            server: controlled,
            vni: controlVni ?? 0,
          });
        },
        () => expectNoForged(forged),
      );
      // What was sent last may have been on its way when the window ended.
      await expectNoneForged(forged);
    },
    alone,
  );
});
