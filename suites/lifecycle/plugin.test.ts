import type { CallName } from "#harness/cnm/protocol/protocol.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { killAndStartEngine, startEngine, stopEngine } from "#harness/workload/docker/engine/ends.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { listenIn, remember } from "#suites/plugin/fixture.ts";
import {
  bringBack,
  expectKept,
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  peerNodeOf,
  startWhenPossible,
  stop,
  untilBack,
} from "./fixture.ts";
import { expectAnswersWithout } from "./without-plugin.ts";

const latePluginPort = 9128;
const hostPort = 9129;
/**
 * An engine has written down by then what it is to take back. One that is killed earlier, while it asks for the address or the endpoint, asks
 * nobody to take them back (seen on 26.1).
 */
const call: CallName = "NetworkDriver.Join";
/** Longer than it takes to kill the engine that waits for the answer. */
const heldMs = 60_000;

const alone = { alone: true, breaks: true, deadlineMs: 300_000 };

chapter("lifecycle", ({ requirement, shared }) => {
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  requirement(
    "R7b",
    "the plugin comes when its engine has started",
    async (test) => {
      const { driver, scope, fact, use } = test;
      if (!driver.stop) throw new Unsupported("the driver has no stop");
      const node = nodeOf(test.cluster);
      const everywhere = await use(hosts);
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const asked = fixed(test, stacked, 200, latePluginPort);
      const [ended, peer, always] = await Promise.all([
        network.run(scope, node, asked),
        network.run(scope, peerNodeOf(test)),
        network.run(scope, node, { restart: "always" }),
      ]);
      const reach = { stacked, everywhere, hostPort: latePluginPort };
      await expectReached(test, ended, { ...reach, from: peer });
      await leaveAlone(node, [ended, peer]);

      const away = scope.child("the plugin that is away");
      await stopEngine(scope, node);
      await driver.stop(away);
      await startEngine(node);
      const listed = await node.docker.listContainers({ all: true });
      expectThat(
        listed.some(({ Id }) => Id === ended.id),
        {
          who: `docker ps --all on ${node.name}, whose engine is back and whose plugin is not`,
          expected: ended.name,
          got: listed.map(({ Names }) => Names.join(" ")).join(", ") || "no container",
        },
      );
      await expectAnswersWithout(away, { ...test, node }, network, ended);
      await away.close();
      const [again, peerAgain] = await Promise.all([
        bringBack(scope, network, ended, node),
        bringBack(scope, network, peer, node),
      ]);
      await expectKept(`${ended.name}, started again`, stacked, again, asked);
      await expectReached(test, again, { ...reach, from: peerAgain });

      // Docker promises no second attempt: plugins are to be there first, and a policy is for what has started.
      const { State } = await node.docker.getContainer(always.id).inspect();
      fact(
        'a container with the restart policy "always" whose plugin came after its engine',
        State.Running ? "runs" : "waits to be started",
      );
      const bring = State.Running ? untilBack : startWhenPossible;
      const alwaysAgain = await bring(scope, network, always);
      await expectReached(test, alwaysAgain, { stacked, everywhere, from: peerAgain });
    },
    // Its engine waits half a minute for the plugin, and its containers have `startMs` each.
    { ...alone, deadlineMs: 420_000 },
  );

  requirement(
    "R8",
    "an engine is killed while it waits for the plugin to join a container",
    async (test) => {
      const { driver, scope, fact, use } = test;
      const node = nodeOf(test.cluster);
      const everywhere = await use(hosts);
      const recorder = await listenIn({ driver, keep: test.keep });
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const own = scope.child("the container whose start is cut off");
      const spec = fixed(test, stacked, 200, hostPort);
      const [started, peer] = await Promise.all([
        network.run(own, node, spec),
        network.run(scope, peerNodeOf(test)),
      ]);
      const reach = { from: peer, stacked, everywhere, hostPort };
      await expectReached(test, started, reach);
      await leaveAlone(node, [started, peer]);
      await stop(started);
      const before = await remember(test, recorder);

      const fault = { kind: "delay", ms: heldMs } as const;
      const injected = await recorder.inject({ call, fault, caller: node.name });
      const cutOff = node.docker
        .getContainer(started.id)
        .start()
        .then(
          () => "it started",
          () => "cut off",
        );
      await until(
        { what: `${node.name} to wait for ${call}`, deadlineMs: 20_000, everyMs: 20 },
        async () => (await injected.used()) > 0,
      );
      await killAndStartEngine(node);
      await injected.stop();
      expectFact(
        `docker start ${started.name}, whose engine was killed meanwhile`,
        "what came of it",
        await cutOff,
        "cut off",
      );
      await before.expectUnchanged("its engine was killed in the middle of a start");

      const again = await startWhenPossible(scope, network, started);
      // What the plugin gave for it is among the exchanges: that an engine starts it without is not the plugin's doing.
      const attached = again.ip !== "";
      fact(
        "docker start of a container whose start was cut off",
        attached ? "attaches it" : "does not attach it",
      );
      const there = attached ? again : await replace(own, () => network.run(scope, node, spec));
      await expectKept(`${there.name}, started again`, stacked, there, spec);
      await expectReached(test, there, reach);
      await expectOwnAddresses(stacked, [there, peer]);
    },
    alone,
  );
});

/** Removes a container, and runs another one in its place. */
async function replace(own: Scope, run: () => Promise<Workload>): Promise<Workload> {
  await own.close();
  return run();
}
