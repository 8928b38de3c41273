import { describeDifferences, settle } from "#harness/cluster/snapshot/snapshot.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { NotGone } from "#harness/core/errors.ts";
import { leaveAlone, peerNodeOf, runWhenPossible } from "#suites/lifecycle/fixture.ts";
import { cutOffStarts, expectAllReached, startedAgain } from "./cut-off/starts.ts";

const settleMs = 20_000;
/** An engine that was killed waits half a minute for what it was before, and refuses for as long as three tries take. */
const options = { alone: true, breaks: true, deadlineMs: 10 * 60_000 };

chapter("disorder", ({ requirement }) => {
  requirement(
    "D8",
    "an engine is killed while it starts five containers, each at another moment of its start; others take their place",
    async (test) => {
      const { cluster, scope } = test;
      const cutOff = await cutOffStarts(test, 9141);
      const { node, stacked } = cutOff;
      const { network } = stacked;
      await cutOff.remove();

      const own = scope.child("the containers in their place");
      const peer = await runWhenPossible(own, network, peerNodeOf(test));
      const replaced = await Promise.all(
        cutOff.containers.map(async ({ spec, made: { name } }) => ({
          spec,
          made: await runWhenPossible(own, network, node, { ...spec, name }),
        })),
      );
      await expectAllReached(test, cutOff, peer, replaced);
      await leaveAlone(node, [...replaced.map(({ made }) => made), peer]);
      await own.close();

      const left = await settle(cluster, cutOff.before, settleMs);
      if (left.length === 0) return;
      throw new NotGone({
        who: `the nodes after the engine of ${node.name} was killed while it started ${replaced.length} containers`,
        expected: "what was there before, once the containers are removed",
        got: `${left.length} differences\n${describeDifferences(left)}`,
      });
    },
    options,
  );

  requirement(
    "D8b",
    "an engine is killed while it starts five containers, each at another moment of its start; they are started again",
    async (test) => {
      const { scope } = test;
      const cutOff = await cutOffStarts(test, 9151);
      const { node, stacked, containers } = cutOff;
      const { network } = stacked;
      const peer = await runWhenPossible(scope, network, peerNodeOf(test));
      const started = await Promise.all(
        containers.map(async ({ spec, made }) => ({ spec, ...(await startedAgain(scope, network, made)) })),
      );
      const wrong = started.filter(({ trouble }) => trouble !== undefined);
      expectThat(wrong.length === 0, {
        who: `docker start of ${started.length} containers on ${node.name}, whose engine was killed while it started them`,
        expected: `all of them attached to ${network.name}`,
        got: wrong.map(({ made, trouble }) => `${made.name}: ${trouble}`).join("; "),
      });
      await expectAllReached(test, cutOff, peer, started);
    },
    options,
  );
});
