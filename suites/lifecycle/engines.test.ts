import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
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
/** Ways in which an engine ends and is there again, each with two ports of the node that its containers publish. */
const ends = {
  "an engine is restarted": { end: restartEngine, ports: { ended: 9123, back: 9124 } },
  "an engine is killed and started": { end: killAndStartEngine, ports: { ended: 9125, back: 9126 } },
} as const;

chapter("lifecycle", ({ requirement, shared }) => {
  for (const [how, { end, ports }] of Object.entries(ends)) {
    const after = shared(`${how}, with containers that ran`, async ({ driver, scope, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      const network = await driver.createNetwork(scope);
      const [ended, back, peer] = await Promise.all([
        network.run(scope, node, fixed(test, network, 200, ports.ended)),
        network.run(scope, node, { ...fixed(test, network, 201, ports.back), restart: "always" }),
        network.run(scope, peerNodeOf(test), { restart: "always" }),
      ]);
      await Promise.all([
        expectReached({ ...test, scope }, ended, { from: peer, hostPort: ports.ended }),
        expectReached({ ...test, scope }, back, { from: peer, hostPort: ports.back }),
      ]);
      await leaveAlone([ended, back, peer]);
      await end(node);
      const peerAgain = await untilBack(scope, network, peer);
      return { network, node, ended, back, peer: peerAgain };
    });

    requirement(
      "R7",
      `${how}, and a container that is always to run does`,
      async ({ use, scope, ...test }) => {
        const { network, back, peer } = await use(after);
        const again = await untilBack(scope, network, back);
        expectFact(`${back.name}, which its engine started`, "its address", again.ip, back.ip);
        await expectReached({ ...test, scope }, again, { from: peer, hostPort: ports.back });
      },
      alone,
    );

    requirement(
      "R6b",
      `${how}, and its containers are started again`,
      async ({ use, scope, ...test }) => {
        const { network, node, ended, back, peer } = await use(after);
        const again = await startWhenPossible(scope, network, ended);
        expectFact(`${ended.name}, started again`, "its address", again.ip, ended.ip);
        const { subnets } = await network.inspect(node);
        expectFact(`${node.name} after its engine came back`, "the network's subnets", subnets, [
          network.subnet,
        ]);
        const late = await runWhenPossible(scope, network, node);
        await Promise.all([
          expectReached({ ...test, scope }, again, { from: peer, hostPort: ports.ended }),
          expectReached({ ...test, scope }, late, { from: peer }),
        ]);
        await expectOwnAddresses([again, late, peer, await untilBack(scope, network, back)]);
      },
      alone,
    );
  }

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

/** Whether a container runs, and since when: `running since 2026-11-26T07:05:03Z, pid 4711`. */
async function startOf({ node, id }: Workload): Promise<string> {
  const { State } = await node.docker.getContainer(id).inspect();
  return `${State.Status} since ${State.StartedAt}, pid ${State.Pid}`;
}
