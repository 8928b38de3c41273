import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { ProbeFailed } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { captureWhile } from "#harness/observe/capture/capture-while.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { devicesOf, expectNothingBare, expectSeenAsVxlan, sendingKeys } from "./fixture.ts";

chapter("encryption", ({ requirement }) => {
  requirement("E4", "pings of a container whose node has lost the keys", async (test) => {
    const underlay = test.driver.underlay ?? "control";
    const [from = "", to = ""] = test.cluster.nodes.map(({ interfaces }) => interfaces[underlay].address);
    const way = { from, to };
    const [first] = test.cluster.nodes;
    const foreign = first ? await sendingKeys(first, way) : [];
    // One after the other: an emulated machine does not attach four containers in the time that swarm gives it.
    const pair = await runPair(test.scope, test, { encrypted: true });
    const control = await runPair(test.scope, test);
    const { a, b } = pair;
    await Promise.all([expectPing(a, b), expectPing(control.a, control.b)]);
    const keys = (await sendingKeys(a.node, way)).filter((spi) => !foreign.includes(spi));
    expectThat(keys.length > 0, {
      who: `${a.node.name}, which sends ESP to ${b.node.name}`,
      expected: `a security association from ${from} to ${to}`,
      got: "none",
    });
    const controls = [uniqueMarker(), uniqueMarker()] as const;
    const marker = uniqueMarker();
    const seen = await captureWhile({ node: b.node, devices: devicesOf(b), keep: test.keep }, async () => {
      await expectPing(control.a, control.b, { marker: controls[0] });
      for (const spi of keys) {
        const association = ["src", from, "dst", to, "proto", "esp", "spi", spi];
        await a.node.run(["ip", "xfrm", "state", "delete", ...association]);
      }
      const agent = await a.agent();
      const { received } = await agent.ping({ address: b.ip, count: 3, marker });
      test.fact("pings answered without keys", received);
      await expectPing(control.a, control.b, { marker: controls[1] });
    });
    expectSeenAsVxlan(seen, controls);
    expectNothingBare(seen, pair, [marker]);
    const back = (await sendingKeys(a.node, way)).filter((spi) => keys.includes(spi));
    if (back.length === 0) return;
    throw new ProbeFailed(`${a.node.name} has its keys again, SPI ${back.join(", ")}: nothing was judged`);
  });
});
