import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { leaveAlone, peerNodeOf, runWhenPossible } from "#suites/lifecycle/fixture.ts";
import { cutOffStarts, expectAllReached, expectNothingLeft, startedAgain } from "./cut-off/starts.ts";

/** An engine that was killed waits half a minute for what it was before, and refuses for as long as three tries take. */
const options = { alone: true, breaks: true, deadlineMs: 10 * 60_000 };

chapter("disorder", ({ requirement }) => {
  requirement(
    "D8",
    "an engine is killed while it starts five containers, before their first processes; others take their place",
    async (test) => {
      const { scope } = test;
      const cutOff = await cutOffStarts(test, 9141);
      const { node, stacked } = cutOff;
      const { network } = stacked;
      await expectNothingLeft(test, cutOff, cutOff.stopped, "while they had stopped");
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

      await expectNothingLeft(test, cutOff, cutOff.before, "before there were any of them");
    },
    options,
  );

  requirement(
    "D8b",
    "an engine is killed while it starts five containers, before their first processes; they are started again",
    async (test) => {
      const { scope } = test;
      const cutOff = await cutOffStarts(test, 9151);
      const { node, stacked, containers } = cutOff;
      const { network } = stacked;
      const own = scope.child("the peer of the containers that are started again");
      const peer = await runWhenPossible(own, network, peerNodeOf(test));
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
      await leaveAlone(node, [...started.map(({ made }) => made), peer]);
      await Promise.all([own.close(), cutOff.remove()]);
      await expectNothingLeft(test, cutOff, cutOff.before, "before there were any of them");
    },
    options,
  );
});
