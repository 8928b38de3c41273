import { cutWires, wiresOf } from "#harness/cluster/engines/loss/wires.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { runStackedPair } from "#harness/conformance/pair.ts";
import { announce } from "#harness/core/async/events.ts";
import { Blocked, Nonconformance } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { expectName, expectNoName } from "#harness/observe/probe/names.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import type { Workload } from "#harness/workload/workload.ts";

const apartMs = 30_000;
/** Milliseconds until everything is right again. */
const healMs = 30_000;
/** What is looked at last is given so many all the same: it may have been right for long. */
const leastMs = 2_000;

/** What nodes that were apart know of each other again. */
chapter("connections", ({ requirement }) => {
  requirement(
    "M12",
    `after ${apartMs / 1000} s, in which containers came and went`,
    async (test) => {
      const { scope, declaration } = test;
      const { network, a, b, versions, over } = await runStackedPair(scope, test);
      const going = scope.child("the container that goes meanwhile");
      const gone = await network.run(going, a.node);
      const reachedFrom = (from: Workload, to: Workload, within?: { deadlineMs: number }) =>
        Promise.all(
          versions.map(async (version) =>
            expectPing(await over(version, from), await over(version, to), within),
          ),
        );
      await Promise.all([reachedFrom(b, a), reachedFrom(b, gone)]);
      const apart = scope.child("the time in which the nodes are apart");
      const { leaky } = await cutWires(apart, b.node, wiresOf(b.node));
      try {
        await expectNoPing(a, b, { control: { to: gone }, settleMs: 5_000, windowMs: apartMs });
      } catch (error) {
        if (!(error instanceof Nonconformance) || leaky === undefined) throw error;
        throw new Blocked(`${firstLineOf(error.message)}; ${leaky}`, { cause: error });
      }
      const late = await network.run(scope, a.node);
      await going.close();
      await apart.close();
      await announce("node reached again", { node: b.node });

      const whole = performance.now();
      const leftMs = () => Math.max(leastMs, healMs - (performance.now() - whole) / scaled(1));
      const reached = { deadlineMs: leftMs() };
      await Promise.all(
        [a, late].flatMap((one) => [reachedFrom(one, b, reached), reachedFrom(b, one, reached)]),
      );
      if (!declaration.capabilities.includes("names")) return;
      const isNow = { name: late.name, addresses: [late.ip] };
      const soon = { deadlineMs: leftMs() };
      await Promise.all([
        expectName(b, isNow, soon),
        expectName(b, { name: a.name, addresses: [a.ip] }, soon),
        expectName(late, { name: b.name, addresses: [b.ip] }, soon),
      ]);
      await expectNoName(b, { name: gone.name }, { control: isNow, settleMs: leftMs() });
    },
    { alone: true, deadlineMs: 300_000 },
  );
});
