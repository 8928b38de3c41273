import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { nthSubnet, parseNetwork, sizeOf } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { WorkloadSpec } from "#harness/workload/network.ts";
import {
  expectOwnAddresses,
  expectReached,
  fixed,
  nodeOf,
  peerNodeOf,
  publishes,
  refuseCni,
  runWhenPossible,
  startWhenPossible,
  stop,
} from "./fixture.ts";

const keptPort = 9121;
const takenPort = 9122;
/** A dozen containers are made, or fail, beside what else the chapter does. */
const deadlineMs = 150_000;

chapter("lifecycle", ({ requirement }) => {
  requirement(
    "B12",
    "while others come and take what is free",
    async ({ driver, scope, fact, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      const network = await driver.createNetwork(scope);
      const [peer, kept, free] = await Promise.all([
        network.run(scope, peerNodeOf(test)),
        network.run(scope, node, fixed(test, network, 200, keptPort)),
        network.run(scope, node),
      ]);
      await expectReached({ ...test, scope }, kept, { from: peer, hostPort: keptPort });
      await Promise.all([stop(kept), stop(free)]);
      const newcomers = await Promise.all([network.run(scope, node), network.run(scope, node)]);

      const [keptAgain, freeAgain] = await Promise.all([
        startWhenPossible(scope, network, kept),
        startWhenPossible(scope, network, free),
      ]);
      expectFact(`${kept.name}, started again`, "its address", keptAgain.ip, kept.ip);
      // Docker promises an address that was asked for; one that it chose goes to whom comes first.
      const taken = newcomers.some(({ ip }) => ip === free.ip);
      fact(
        "an address that the engine chose, of a container that was stopped",
        taken ? "given to another" : "free",
      );
      await expectOwnAddresses([peer, keptAgain, freeAgain, ...newcomers]);
      await expectReached({ ...test, scope }, keptAgain, { from: peer, hostPort: keptPort });
      await expectReached({ ...test, scope }, freeAgain, { from: peer });
    },
    { deadlineMs },
  );

  requirement(
    "R10",
    "containers whose program or port is not to be had",
    async ({ driver, scope, fact, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      const subnet = nthSubnet(freshSubnet(), 29, 0);
      const published = { publish: [{ port: 80, hostPort: takenPort }] };
      const [network] = await Promise.all([
        driver.createNetwork(scope, { subnet }),
        ...(publishes(test)
          ? [driver.createNetwork(scope).then((other) => other.run(scope, node, published))]
          : []),
      ]);
      // Two of eight addresses are for no host, and one is the gateway's.
      const addresses = Number(sizeOf(parseNetwork(subnet))) - 3;
      const kinds: Record<string, WorkloadSpec> = {
        "docker run, of a program that is not there": { command: ["/nonesuch"] },
        ...(publishes(test) ? { "docker run, with a port that is taken": published } : {}),
      };
      let failed = 0;
      while (failed <= addresses) {
        const starts = Object.entries(kinds).map(([what, spec]) =>
          expectRefusal(what, network.run(scope, node, spec)),
        );
        failed += (await Promise.all(starts)).length;
      }
      fact("starts that failed, against addresses of the pool", `${failed} against ${addresses}`);
      const started = await runWhenPossible(scope, network, node);
      await expectPing(started, await runWhenPossible(scope, network, node));
    },
    { alone: true, breaks: true, deadlineMs },
  );
});
