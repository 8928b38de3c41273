import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { announce } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { failureOf } from "#harness/observe/second-look/failure.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import { flushFirewall } from "#harness/workload/firewall/flush.ts";
import { expectAsDeclared, type Kept, watchFromOutside } from "./firewall.ts";
import { bringBack, expectIngress, fixed, leaveAlone, nodeOf, peerNodeOf } from "./fixture.ts";

const alone = { alone: true, breaks: true, deadlineMs: 300_000 };
const flushedPort = 9130;
const laterPort = 9131;
/** Attempts from outside after everything is as before. */
const attemptsAfter = 20;

chapter("lifecycle", ({ requirement, shared }) => {
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  const flushed = shared("a node whose firewall was flushed and restored", async (test) => {
    const { restoreFirewall } = test.driver;
    if (!restoreFirewall) throw new Unsupported("the driver has no restoreFirewall");
    const { scope, cluster } = test;
    const node = nodeOf(cluster);
    const outlives = await keepContainers(scope, node);
    const everywhere = await hosts.make();
    const [stacked, others] = await Promise.all([createStacked(scope, test), createStacked(scope, test)]);
    const { network } = stacked;
    const [kept, stranger, peer] = await Promise.all([
      network.run(scope, node, fixed(test, stacked, 200, flushedPort)),
      others.network.run(scope, node),
      network.run(scope, peerNodeOf(test)),
    ]);
    let field: Kept = { kept, stacked, stranger, others, peer, everywhere, hostPort: flushedPort };
    await expectAsDeclared(test, field);

    const watches = [await watchFromOutside(test, kept, everywhere)];
    const away = scope.child("what is forwarded while the rules are away");
    await flushFirewall(away, node);
    if (!outlives) {
      await watches[0]?.stop();
      await watches[0]?.close();
      await leaveAlone(node, [kept, stranger, peer]);
    }
    await restoreFirewall(node);
    if (!outlives) {
      const [keptAgain, strangerAgain, peerAgain] = await Promise.all([
        bringBack(scope, network, kept, node),
        bringBack(scope, others.network, stranger, node),
        bringBack(scope, network, peer, node),
      ]);
      field = { ...field, kept: keptAgain, stranger: strangerAgain, peer: peerAgain };
      watches.push(await watchFromOutside(test, keptAgain, everywhere));
    }
    await away.close();
    await announce("firewall restored", { node });
    return { node, field, watches };
  });

  requirement(
    "X9a",
    "published ports, the egress and isolation once the driver has restored the firewall, and of what comes then",
    async (test) => {
      const { use, scope } = test;
      const { node, field } = await use(flushed);
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const [late, latePeer] = await Promise.all([
        network.run(scope, node, fixed(test, stacked, 200, laterPort)),
        network.run(scope, peerNodeOf(test)),
      ]);
      await expectAsDeclared(test, field);
      await expectAsDeclared(test, { ...field, kept: late, stacked, peer: latePeer, hostPort: laterPort });
      await expectIngress(test.cluster, node);
    },
    alone,
  );

  requirement(
    "X9b",
    "an external host with a route sends to a port that nobody published, as long as the container runs",
    async ({ use, ...test }) => {
      const { node, watches } = await use(flushed);
      await watches.at(-1)?.more(attemptsAfter);
      const seen = await Promise.all(watches.map((watch) => watch.stop()));
      const attempts = seen.reduce((sum, one) => sum + one.attempts, 0);
      const arrived = seen.flatMap((one) => one.arrived);
      test.varyingFact("attempts from outside", attempts);
      await judgeAsPromised(test, async () => {
        const [first] = arrived;
        if (!first) return;
        throw await failureOf({
          who: `${node.name} while its firewall was flushed and restored, and after it`,
          expected: `none of ${attempts} attempts from outside to arrive at a port that nobody published`,
          got: `${arrived.length}, the first at ${new Date(first.at).toISOString()}`,
          ...seen.findLast(({ shown }) => shown.byHand)?.shown,
        });
      });
    },
    alone,
  );
});

/** Whether the node's containers run on while its engine does not; engines in a swarm refuse that. */
async function keepContainers(scope: Scope, node: ClusterNode): Promise<boolean> {
  const { Swarm } = await node.docker.info();
  if (Swarm?.LocalNodeState === "active") return false;
  await enableLiveRestore(scope, node);
  return true;
}
