import { chapter } from "#harness/conformance/chapter.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { killAndStartEngine } from "#harness/workload/docker/engine/ends.ts";
import { bringBack, expectReached, fixed, leaveAlone, nodeOf, peerNodeOf } from "./fixture.ts";
import { expectStartedAgain } from "./started-again.ts";

const hostPort = 9125;
const newPort = 9131;

// A file of its own: an engine that was killed waits half a minute for what it was before.
chapter("lifecycle", ({ requirement }) => {
  requirement(
    "R6b",
    "an engine is killed and started, and its containers are started again",
    async (test) => {
      const { scope } = test;
      const node = nodeOf(test.cluster);
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const everywhere = await addressHosts(scope, test.cluster, stacked.versions);
      const asked = fixed(test, stacked, 200, hostPort);
      const [ended, peer] = await Promise.all([
        network.run(scope, node, asked),
        network.run(scope, peerNodeOf(test)),
      ]);
      await expectReached(test, ended, { from: peer, stacked, everywhere, hostPort });
      await leaveAlone(node, [ended, peer]);
      await killAndStartEngine(node);
      const peerAgain = () => bringBack(scope, network, peer, node);
      const field = { node, stacked, everywhere, asked, ended, peerAgain };
      await expectStartedAgain(test, field, [hostPort, newPort]);
    },
    { alone: true, breaks: true, deadlineMs: 300_000 },
  );
});
