import { chapter } from "#harness/conformance/chapter.ts";
import { killAndStartEngine } from "#harness/workload/docker/engine/ends.ts";
import { bringBack, expectReached, fixed, leaveAlone, nodeOf, peerNodeOf, refuseCni } from "./fixture.ts";
import { expectStartedAgain } from "./started-again.ts";

const hostPort = 9125;
const newPort = 9131;

// A file of its own: an engine that was killed waits half a minute for what it was before.
chapter("lifecycle", ({ requirement }) => {
  requirement(
    "R6b",
    "an engine is killed and started, and its containers are started again",
    async ({ driver, scope, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      const network = await driver.createNetwork(scope);
      const [ended, peer] = await Promise.all([
        network.run(scope, node, fixed(test, network, 200, hostPort)),
        network.run(scope, peerNodeOf(test)),
      ]);
      await expectReached({ ...test, scope }, ended, { from: peer, hostPort });
      await leaveAlone(node, [ended, peer]);
      await killAndStartEngine(node);
      const field = { node, network, ended, peerAgain: () => bringBack(scope, network, peer, node) };
      await expectStartedAgain({ ...test, scope }, field, [hostPort, newPort]);
    },
    { alone: true, breaks: true, deadlineMs: 300_000 },
  );
});
