import type { CallName } from "#harness/cnm/protocol/protocol.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectInTurn, expectRefusal } from "#harness/conformance/refusal.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import {
  brokenAnswers,
  cutBefore,
  expectAllOrNothing,
  expectNextRunWorks,
  listenIn,
  nameOf,
  refusals,
  refuseUnserved,
  remember,
  servedOf,
  twoNodes,
  under,
} from "./fixture.ts";

/** Calls of `docker run`, in the engine's order. Faults concern the first node alone; the other is the control. */
const callsOfRun: readonly CallName[] = [
  "IpamDriver.RequestAddress",
  "NetworkDriver.CreateEndpoint",
  "NetworkDriver.Join",
];
const callsOfCreate: readonly CallName[] = ["IpamDriver.RequestPool", "NetworkDriver.CreateNetwork"];
const alone = { alone: true, deadlineMs: 240_000 };
/** Engines do not know what to take back of a call whose answer broke off. */
const breaking = { ...alone, breaks: true };
const lateMs = 1_500;

chapter("plugin", ({ requirement, shared }) => {
  const field = shared(
    "a network with a container on the second node",
    async ({ cluster, driver, scope }) => {
      const [near, far] = twoNodes(cluster.nodes);
      const network = await driver.createNetwork(scope);
      return { network, near, far, other: await network.run(scope, far) };
    },
  );

  requirement(
    "R2",
    "containers work although an answer was late",
    async (test) => {
      const { network, near, other } = await test.use(field);
      const recorder = await listenIn(test);
      const before = await remember(test, recorder);
      const own = test.scope.child("the late containers");
      for (const call of await servedOf(recorder, callsOfRun)) {
        await under(recorder, { call, fault: { kind: "delay", ms: lateMs }, caller: near.name }, async () => {
          await expectPing(await network.run(own, near), other);
        });
      }
      await own.close();
      await before.expectUnchanged("late answers");
    },
    alone,
  );

  for (const call of callsOfRun) {
    requirement(
      "R3",
      `${call} fails, and the container does not run`,
      async (test) => {
        const recorder = await listenIn(test);
        await refuseUnserved(recorder, test.declaration, call);
        const { network, near, other } = await test.use(field);
        const before = await remember(test, recorder);
        await expectInTurn([...refusals, cutBefore], async (fault) => {
          const name = nameOf(call, fault);
          await before.forgive(async () => {
            const own = test.scope.child(name);
            const said = await under(recorder, { call, fault, caller: near.name }, () =>
              expectAllOrNothing(network, near, own, { other, mayWork: fault.kind === "cut" }),
            );
            test.fact(name, said);
            await own.close();
            await before.expectHeld(name);
          });
          await expectNextRunWorks(network, near, test.scope, other);
        });
        await before.expectUnchanged(`failures of ${call}`);
      },
      alone,
    );

    requirement(
      "R4",
      `the answer to ${call} breaks off, and everything can be made again`,
      async (test) => {
        const { cluster, driver } = test;
        const [near, far] = twoNodes(cluster.nodes);
        const recorder = await listenIn(test);
        await refuseUnserved(recorder, test.declaration, call);
        const before = await remember(test, recorder);
        // Each network is the one before, made again, unless that one would not go.
        let subnet: string | undefined;
        await expectInTurn(brokenAnswers, async (fault) => {
          const name = nameOf(call, fault);
          await before.forgive(async () => {
            const own = test.scope.child(name);
            const again = subnet;
            subnet = undefined;
            const network = await driver.createNetwork(own, again === undefined ? {} : { subnet: again });
            const other = await network.run(own, far);
            const mayWork = fault.kind === "cut" && fault.at === "answer";
            const said = await under(recorder, { call, fault, caller: near.name }, () =>
              expectAllOrNothing(network, near, own, { other, mayWork }),
            );
            test.fact(name, said);
            await expectNextRunWorks(network, near, own, other);
            await own.close();
            // The engine does not know what to take back; at the latest it goes with the network.
            await before.expectHeld(`${name}, and the network was removed`);
            subnet = network.subnet;
          });
        });
        const again = test.scope.child("the network once more");
        const network = await driver.createNetwork(again, subnet === undefined ? {} : { subnet });
        const [one, two] = await Promise.all([network.run(again, near), network.run(again, far)]);
        await expectPing(one, two);
        await again.close();
        await before.expectUnchanged(`broken answers to ${call}`);
      },
      breaking,
    );
  }

  for (const call of callsOfCreate) {
    requirement(
      "R3",
      `${call} fails, and the network does not exist`,
      async (test) => {
        const { cluster, driver } = test;
        const [near, far] = twoNodes(cluster.nodes);
        const recorder = await listenIn(test);
        await refuseUnserved(recorder, test.declaration, call);
        const before = await remember(test, recorder);
        await expectInTurn(refusals, (fault) =>
          before.forgive(async () => {
            const name = nameOf(call, fault);
            const own = test.scope.child(name);
            // On every node where there is one that asks: else the others would have the network.
            const said = await under(recorder, { call, fault, times: cluster.nodes.length }, () =>
              expectRefusal(`making a network under ${name}`, driver.createNetwork(own)),
            );
            test.fact(name, said);
            await own.close();
            await before.expectHeld(name);
          }),
        );
        const next = test.scope.child("the network, made without a fault");
        const network = await driver.createNetwork(next);
        const [one, two] = await Promise.all([network.run(next, near), network.run(next, far)]);
        await expectPing(one, two);
        await next.close();
        await before.expectUnchanged(`failures of ${call}`);
      },
      alone,
    );
  }
});
