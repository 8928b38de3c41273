import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import {
  killAndStartEngine,
  restartEngine,
  startEngine,
  stopEngine,
} from "#harness/workload/docker/engine/ends.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  peerNodeOf,
  refuseCni,
  runWhenPossible,
  startWhenPossible,
  untilBack,
} from "./fixture.ts";

const alone = { alone: true, breaks: true, deadlineMs: 180_000 };
/** Ways in which an engine ends and is there again, each with a port of the node that its container publishes. */
const ends = {
  "an engine is restarted": { end: restartEngine, hostPort: 9123 },
  "an engine is killed and started": { end: killAndStartEngine, hostPort: 9125 },
} as const;
const backPort = 9124;

chapter("lifecycle", ({ requirement }) => {
  requirement(
    "R7b",
    "the plugin comes when its engine has started",
    async ({ driver, scope, ...test }) => {
      if (!driver.stop) throw new Unsupported("the driver has no stop");
      const node = nodeOf(test.cluster);
      const network = await driver.createNetwork(scope);
      const [ended, peer] = await Promise.all([
        network.run(scope, node, fixed(test, network, 200, portOfLatePlugin)),
        network.run(scope, peerNodeOf(test)),
      ]);
      const reached = { from: peer, hostPort: portOfLatePlugin };
      await expectReached({ ...test, scope }, ended, reached);
      await leaveAlone([ended]);

      const away = scope.child("the plugin that is away");
      await stopEngine(node);
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
      await away.close();
      const again = await startWhenPossible(scope, network, ended);
      expectFact(`${ended.name}, started again`, "its address", again.ip, ended.ip);
      await expectReached({ ...test, scope }, again, reached);
    },
    alone,
  );

  for (const [how, { end, hostPort }] of Object.entries(ends)) {
    requirement(
      "R6b",
      `${how}, and its containers are started again`,
      async ({ driver, scope, ...test }) => {
        refuseCni(test.declaration);
        const node = nodeOf(test.cluster);
        const network = await driver.createNetwork(scope);
        const [ended, peer] = await Promise.all([
          network.run(scope, node, fixed(test, network, 200, hostPort)),
          network.run(scope, peerNodeOf(test)),
        ]);
        await expectReached({ ...test, scope }, ended, { from: peer, hostPort });
        await leaveAlone([ended, peer]);
        await end(node);
        const [again, peerAgain] = await Promise.all([
          startWhenPossible(scope, network, ended),
          peer.node === node ? startWhenPossible(scope, network, peer) : untilBack(scope, network, peer),
        ]);
        expectFact(`${ended.name}, started again`, "its address", again.ip, ended.ip);
        const { subnets } = await network.inspect(node);
        expectFact(`${node.name} after its engine came back`, "the network's subnets", subnets, [
          network.subnet,
        ]);
        const late = await runWhenPossible(scope, network, node);
        await Promise.all([
          expectReached({ ...test, scope }, again, { from: peerAgain, hostPort }),
          expectReached({ ...test, scope }, late, { from: peerAgain }),
        ]);
        await expectOwnAddresses([again, late, peerAgain]);
      },
      alone,
    );
  }

  requirement(
    "R7",
    "an engine is restarted, and a container that is always to run does",
    async ({ driver, scope, fact, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      const network = await driver.createNetwork(scope);
      const [back, peer] = await Promise.all([
        network.run(scope, node, { ...fixed(test, network, 200, backPort), restart: "always" }),
        network.run(scope, peerNodeOf(test), { restart: "always" }),
      ]);
      await expectReached({ ...test, scope }, back, { from: peer, hostPort: backPort });
      await leaveAlone([back, peer]);
      await restartEngine(node);
      await refuseSwarm(node, fact, untilBack(scope, network, back));
      const [again, peerAgain] = await Promise.all([
        untilBack(scope, network, back),
        untilBack(scope, network, peer),
      ]);
      expectFact(`${back.name}, which its engine started`, "its address", again.ip, back.ip);
      await expectReached({ ...test, scope }, again, { from: peerAgain, hostPort: backPort });
    },
    alone,
  );

  requirement(
    "R9",
    "an engine ends, and starts while its containers run on",
    async ({ driver, scope, fact, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      await enableLiveRestore(scope, node);
      const network = await driver.createNetwork(scope);
      const [held, peer] = await Promise.all([
        network.run(scope, node, fixed(test, network, 200, heldPort)),
        network.run(scope, peerNodeOf(test)),
      ]);
      const reached = { from: peer, hostPort: heldPort };
      await expectReached({ ...test, scope }, held, reached);
      const started = await startOf(held);

      await stopEngine(node);
      // The documentation says elsewhere that networking is interrupted then.
      const answered = await expectPing(peer, held).then(
        () => true,
        () => false,
      );
      fact("traffic while the engine is away", answered ? "passes" : "does not pass");
      await startEngine(node);
      expectFact(`${held.name} once its engine is back`, "when it was started", await startOf(held), started);
      await expectReached({ ...test, scope }, held, reached);
      const late = await runWhenPossible(scope, network, node);
      await expectReached({ ...test, scope }, late, { from: peer });
      await expectOwnAddresses([held, peer, late]);
    },
    alone,
  );
});

const heldPort = 9127;
const portOfLatePlugin = 9128;

/** Whether a container runs, and since when: `running since 2026-11-26T07:05:03Z, pid 4711`. */
async function startOf({ node, id }: Workload): Promise<string> {
  const { State } = await node.docker.getContainer(id).inspect();
  return `${State.Status} since ${State.StartedAt}, pid ${State.Pid}`;
}

/**
 * An engine asks the manager of its swarm once for what a container with a restart policy is to be attached to, and gives up when that takes
 * long (moby#32607, open): what comes of it is a fact, and `Unsupported` is thrown.
 */
async function refuseSwarm(
  node: ClusterNode,
  fact: TestTools["fact"],
  back: Promise<Workload>,
): Promise<void> {
  const broken = await back.then(
    () => undefined,
    (error: unknown) => error,
  );
  const { Swarm } = await node.docker.info();
  if (Swarm?.LocalNodeState !== "active") return;
  if (broken !== undefined && !(broken instanceof Nonconformance)) throw broken;
  fact("a container with a restart policy, on a network of the swarm", broken ? "stays ended" : "comes back");
  throw new Unsupported("engines in a swarm ask its manager once for the network, and give up (moby#32607)");
}
