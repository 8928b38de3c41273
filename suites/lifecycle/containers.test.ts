import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { nthSubnet, parseNetwork, sizeOf } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import {
  expectOwnAddresses,
  expectReached,
  fixed,
  nodeOf,
  peerNodeOf,
  refuseCni,
  startWhenPossible,
  stop,
  untilDone,
} from "./fixture.ts";

const keptPort = 9121;
const takenPort = 9122;

chapter("lifecycle", ({ requirement }) => {
  requirement("B12", "while others come and take what is free", async ({ driver, scope, fact, ...test }) => {
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
  });

  requirement(
    "R10",
    "containers whose program or port is not to be had",
    async ({ driver, scope, fact, ...test }) => {
      refuseCni(test.declaration);
      const node = nodeOf(test.cluster);
      const subnet = nthSubnet(freshSubnet(), 29, 0);
      const network = await driver.createNetwork(scope, { subnet });
      const publishes = test.declaration.capabilities.includes("publish");
      const elsewhere = await driver.createNetwork(scope);
      const holder = { port: 80, hostPort: takenPort };
      if (publishes) await elsewhere.run(scope, node, { publish: [holder] });
      const starts = Number(sizeOf(parseNetwork(subnet))) + 1;
      fact("addresses of the subnet", starts - 1);
      for (let number = 0; number < starts; number++) {
        const refused = publishes && number % 2 === 1 ? { publish: [holder] } : { command: ["/nonesuch"] };
        await expectRefusal(`docker run, failed start ${number + 1}`, network.run(scope, node, refused));
      }
      const started = await untilDone("a container to start", async () => {
        const own = scope.child("a container after the failed ones");
        try {
          return await network.run(own, node);
        } catch (error) {
          await own.close();
          throw error;
        }
      });
      await expectPing(started, await untilDone("a second one to start", () => network.run(scope, node)));
    },
  );
});
