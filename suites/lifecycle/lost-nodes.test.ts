import { chapter } from "#harness/conformance/chapter.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { loseNode } from "#harness/workload/docker/engine/loss.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import {
  expectKept,
  expectOwnAddresses,
  expectReached,
  fixed,
  leaveAlone,
  nodeOf,
  runWhenPossible,
} from "./fixture.ts";

const lostPort = 9126;

chapter("lifecycle", ({ requirement }) => {
  requirement(
    "M13",
    "a node is lost, and its container runs on another one",
    async (test) => {
      const { driver, scope } = test;
      const lost = nodeOf(test.cluster);
      const [home, there = home] = test.cluster.nodes.filter((node) => node !== lost);
      if (!home || !there) throw new Blocked(`two nodes are needed, NODES=${test.cluster.nodes.length}`);
      if (!driver.giveUpNode) throw new HarnessError("a driver that declares lostNodes has giveUpNode");
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const everywhere = await addressHosts(scope, test.cluster, stacked.versions);
      const spec = { ...fixed(test, stacked, 200, lostPort), name: uniqueName("c") };
      const [ended, peer] = await Promise.all([network.run(scope, lost, spec), network.run(scope, home)]);
      const reach = { from: peer, stacked, everywhere, hostPort: lostPort };
      await expectReached(test, ended, reach);
      await leaveAlone(lost, [ended]);

      // Closed in the other order: the node is part of the cluster again when its engine is back.
      const givenUp = scope.child("the node that is given up");
      await loseNode(scope.child("the node that is lost"), lost);
      await driver.giveUpNode(givenUp, lost);
      const again = await runWhenPossible(scope, network, there, spec);
      await expectKept(`${again.name}, on ${there.name} now`, stacked, again, spec);
      await expectReached(test, again, reach);
      await expectOwnAddresses(stacked, [again, peer]);
    },
    { alone: true, breaks: true, deadlineMs: 300_000 },
  );
});
