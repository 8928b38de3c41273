import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { restartEngine, startEngine, stopEngine } from "#harness/workload/docker/engine/ends.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  expectIngress,
  expectKept,
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  passes,
  peerNodeOf,
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
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  const restarted = shared("an engine that was restarted", async (context) => {
    const { scope } = context;
    const node = nodeOf(context.cluster);
    const everywhere = await hosts.make();
    const stacked = await createStacked(scope, context);
    const { network } = stacked;
    const asked = fixed(context, stacked, 200, restartedPort);
    const askedAlways = fixed(context, stacked, 201, backPort);
    const [ended, always, peer] = await Promise.all([
      network.run(scope, node, asked),
      network.run(scope, node, { ...askedAlways, restart: "always" }),
      network.run(scope, peerNodeOf(context), { restart: "always" }),
    ]);
    const reach = { from: peer, stacked, everywhere };
    await Promise.all([
      expectReached(context, ended, { ...reach, hostPort: restartedPort }),
      expectReached(context, always, { ...reach, hostPort: backPort }),
    ]);
    await leaveAlone(node, [ended, always, peer]);
    await restartEngine(node);
    return { node, stacked, everywhere, asked, askedAlways, ended, always, peer };
  });

  requirement(
    "R6b",
    "an engine is restarted, and its containers are started again",
    async (test) => {
      const { peer, ...field } = await test.use(restarted);
      const peerAgain = () => untilBack(test.scope, field.stacked.network, peer);
      await expectStartedAgain(test, { ...field, peerAgain }, [restartedPort, newPort]);
    },
    alone,
  );

  requirement(
    "R7",
    "an engine is restarted, and a container that is always to run does",
    async (test) => {
      const { scope, use } = test;
      const { node, stacked, everywhere, askedAlways, always, peer } = await use(restarted);
      const { network } = stacked;
      const [again, peerAgain] = await Promise.all([
        untilBack(scope, network, always),
        untilBack(scope, network, peer),
      ]);
      await expectKept(`${always.name}, which its engine started`, stacked, again, askedAlways);
      await expectReached(test, again, { from: peerAgain, stacked, everywhere, hostPort: backPort });
      await expectIngress(test.cluster, node);
    },
    alone,
  );

  requirement(
    "R9",
    "an engine ends, and starts while its containers run on",
    async (test) => {
      const { scope, fact, use } = test;
      const node = nodeOf(test.cluster);
      const everywhere = await use(hosts);
      await enableLiveRestore(scope, node);
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const [held, peer] = await Promise.all([
        network.run(scope, node, fixed(test, stacked, 200, heldPort)),
        network.run(scope, peerNodeOf(test)),
      ]);
      const reach = { from: peer, stacked, everywhere };
      await expectReached(test, held, { ...reach, hostPort: heldPort });
      const started = await startOf(held);

      await stopEngine(scope, node);
      // The documentation says elsewhere that networking is interrupted then.
      fact("traffic while the engine is away", (await passes(peer, held)) ? "passes" : "does not pass");
      await startEngine(node);
      expectFact(`${held.name} once its engine is back`, "when it was started", await startOf(held), started);
      await expectReached(test, held, { ...reach, hostPort: heldPort });
      const late = await runWhenPossible(scope, network, node);
      await expectReached(test, late, reach);
      await expectOwnAddresses(stacked, [held, peer, late]);
    },
    alone,
  );
});

/** Whether a container runs, and since when: `running since 2026-11-26T07:05:03Z, pid 4711`. */
async function startOf({ node, id }: Workload): Promise<string> {
  const { State } = await node.docker.getContainer(id).inspect();
  return `${State.Status} since ${State.StartedAt}, pid ${State.Pid}`;
}
