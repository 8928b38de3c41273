import { chapter } from "#harness/conformance/chapter.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { nthSubnet, parseNetwork, sizeOf } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import type { WorkloadSpec } from "#harness/workload/network.ts";
import {
  expectKept,
  expectOwnAddresses,
  expectReached,
  fixed,
  nodeOf,
  peerNodeOf,
  publishes,
  runWhenPossible,
  startWhenPossible,
  stop,
} from "./fixture.ts";
import { expectStopped } from "./stopped.ts";

const keptPort = 9121;
const takenPort = 9122;
/** A dozen containers are made, or fail, beside what else the chapter does. */
const deadlineMs = 150_000;

chapter("lifecycle", ({ requirement, shared }) => {
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  requirement(
    "B12",
    "while others come and take what is free",
    async (test) => {
      const { scope, fact, use } = test;
      const node = nodeOf(test.cluster);
      const everywhere = await use(hosts);
      const stacked = await createStacked(scope, test);
      const { network } = stacked;
      const asked = fixed(test, stacked, 200, keptPort);
      const [peer, kept, free] = await Promise.all([
        network.run(scope, peerNodeOf(test)),
        network.run(scope, node, asked),
        network.run(scope, node),
      ]);
      const reach = { from: peer, stacked, everywhere };
      await expectReached(test, kept, { ...reach, hostPort: keptPort });
      await Promise.all([stop(kept), stop(free)]);
      const [newcomers] = await Promise.all([
        Promise.all([network.run(scope, node), network.run(scope, node)]),
        expectStopped(test, kept, { ...reach, hostPort: keptPort }),
      ]);

      const [keptAgain, freeAgain] = await Promise.all([
        startWhenPossible(scope, network, kept),
        startWhenPossible(scope, network, free),
      ]);
      await expectKept(`${kept.name}, started again`, stacked, keptAgain, asked);
      // Docker promises an address that was asked for; one that it chose goes to whom comes first.
      const taken = newcomers.some(({ ip }) => ip === free.ip);
      fact(
        "an address that the engine chose, of a container that was stopped",
        taken ? "given to another" : "free",
      );
      await expectOwnAddresses(stacked, [peer, keptAgain, freeAgain, ...newcomers]);
      await expectReached(test, keptAgain, { ...reach, hostPort: keptPort });
      await expectReached(test, freeAgain, reach);
    },
    { deadlineMs },
  );

  requirement(
    "R10",
    "containers whose program or port is not to be had",
    async (test) => {
      const { driver, scope, fact } = test;
      const node = nodeOf(test.cluster);
      const pools = { subnet: nthSubnet(freshSubnet(), 29, 0), subnet6: nthSubnet(freshSubnet6(), 125, 0) };
      const published = { publish: [{ port: 80, hostPort: takenPort }] };
      const [{ network, versions, over }] = await Promise.all([
        createStacked(scope, test, pools),
        ...(publishes(test)
          ? [driver.createNetwork(scope).then((other) => other.run(scope, node, published))]
          : []),
      ]);
      // One of eight addresses, over IPv4 two, is for no host, and one is the gateway's.
      const addresses = Number(sizeOf(parseNetwork(pools.subnet))) - (versions.includes(6) ? 2 : 3);
      const kinds: Record<string, WorkloadSpec> = {
        "docker run, of a program that is not there": { command: ["/nonesuch"] },
        ...(publishes(test) ? { "docker run, with a port that is taken": published } : {}),
      };
      // Of each kind as many: what one of them leaves behind uses the pool up by itself.
      let failed = 0;
      while (failed <= addresses) {
        const starts = Object.entries(kinds).map(([what, spec]) =>
          expectRefusal(what, network.run(scope, node, spec)),
        );
        await Promise.all(starts);
        failed += 1;
      }
      fact(
        "starts of each kind that failed, against addresses of the pool",
        `${failed} against ${addresses}`,
      );
      const started = await runWhenPossible(scope, network, node);
      const another = await runWhenPossible(scope, network, node);
      await Promise.all(
        versions.map(async (version) => {
          const [from, to] = await Promise.all([over(version, started), over(version, another)]);
          await expectPing(from, to);
        }),
      );
    },
    // In a swarm an engine may refuse each start for 20 s and more, and two that must come have `startMs` each.
    { alone: true, breaks: true, deadlineMs: 2 * deadlineMs },
  );
});
