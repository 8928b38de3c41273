import type { CallName } from "#harness/cnm/protocol/protocol.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { killAndStartEngine, startEngine, stopEngine } from "#harness/workload/docker/engine/ends.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { listenIn, remember } from "#suites/plugin/fixture.ts";
import {
  bringBack,
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  peerNodeOf,
  startWhenPossible,
  stop,
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

chapter("lifecycle", ({ requirement }) => {
  requirement(
    "R7b",
    "the plugin comes when its engine has started",
    async ({ driver, scope, ...test }) => {
      if (!driver.stop) throw new Unsupported("the driver has no stop");
      const node = nodeOf(test.cluster);
      const network = await driver.createNetwork(scope);
      const [ended, peer] = await Promise.all([
        network.run(scope, node, fixed(test, network, 200, latePluginPort)),
        network.run(scope, peerNodeOf(test)),
      ]);
      await expectReached({ ...test, scope }, ended, { from: peer, hostPort: latePluginPort });
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
      expectFact(`${ended.name}, started again`, "its address", again.ip, ended.ip);
      await expectReached({ ...test, scope }, again, { from: peerAgain, hostPort: latePluginPort });
    },
    alone,
  );

  requirement(
    "R8",
    "an engine is killed while it waits for the plugin to join a container",
    async ({ driver, scope, fact, ...test }) => {
      const node = nodeOf(test.cluster);
      const recorder = await listenIn({ driver, keep: test.keep });
      const network = await driver.createNetwork(scope);
      const own = scope.child("the container whose start is cut off");
      const spec = fixed(test, network, 200, hostPort);
      const [started, peer] = await Promise.all([
        network.run(own, node, spec),
        network.run(scope, peerNodeOf(test)),
      ]);
      await expectReached({ ...test, scope }, started, { from: peer, hostPort });
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
      expectFact(`${there.name}, started again`, "its address", there.ip, started.ip);
      await expectReached({ ...test, scope }, there, { from: peer, hostPort });
      await expectOwnAddresses([there, peer]);
    },
    alone,
  );
});

/** Removes a container, and runs another one in its place. */
async function replace(own: Scope, run: () => Promise<Workload>): Promise<Workload> {
  await own.close();
  return run();
}
