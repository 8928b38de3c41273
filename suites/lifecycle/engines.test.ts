import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { restartEngine, startEngine, stopEngine } from "#harness/workload/docker/engine/ends.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  expectIngress,
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  passes,
  peerNodeOf,
  refuseCni,
  runWhenPossible,
  untilBack,
} from "./fixture.ts";
import { expectStartedAgain } from "./started-again.ts";

const alone = { alone: true, breaks: true, deadlineMs: 300_000 };
const restartedPort = 9123;
const newPort = 9130;
const backPort = 9124;
const heldPort = 9127;

chapter("lifecycle", ({ requirement, shared }) => {
  const restarted = shared("an engine that was restarted", async ({ driver, scope, ...context }) => {
    refuseCni(context.declaration);
    const node = nodeOf(context.cluster);
    const network = await driver.createNetwork(scope);
    const [ended, always, peer] = await Promise.all([
      network.run(scope, node, fixed(context, network, 200, restartedPort)),
      network.run(scope, node, { ...fixed(context, network, 201, backPort), restart: "always" }),
      network.run(scope, peerNodeOf(context), { restart: "always" }),
    ]);
    await Promise.all([
      expectReached({ ...context, scope }, ended, { from: peer, hostPort: restartedPort }),
      expectReached({ ...context, scope }, always, { from: peer, hostPort: backPort }),
    ]);
    await leaveAlone(node, [ended, always, peer]);
    await restartEngine(node);
    return { node, network, ended, always, peer };
  });

  requirement(
    "R6b",
    "an engine is restarted, and its containers are started again",
    async ({ scope, use, ...test }) => {
      const { node, network, ended, peer } = await use(restarted);
      const field = { node, network, ended, peerAgain: () => untilBack(scope, network, peer) };
      await expectStartedAgain({ ...test, scope }, field, [restartedPort, newPort]);
    },
    alone,
  );

  requirement(
    "R7",
    "an engine is restarted, and a container that is always to run does",
    async ({ scope, use, ...test }) => {
      const { node, network, always, peer } = await use(restarted);
      const [again, peerAgain] = await Promise.all([
        untilBack(scope, network, always),
        untilBack(scope, network, peer),
      ]);
      expectFact(`${always.name}, which its engine started`, "its address", again.ip, always.ip);
      await expectReached({ ...test, scope }, again, { from: peerAgain, hostPort: backPort });
      await expectIngress(test.cluster, node);
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

      await stopEngine(scope, node);
      // The documentation says elsewhere that networking is interrupted then.
      fact("traffic while the engine is away", (await passes(peer, held)) ? "passes" : "does not pass");
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

/** Whether a container runs, and since when: `running since 2026-11-26T07:05:03Z, pid 4711`. */
async function startOf({ node, id }: Workload): Promise<string> {
  const { State } = await node.docker.getContainer(id).inspect();
  return `${State.Status} since ${State.StartedAt}, pid ${State.Pid}`;
}
