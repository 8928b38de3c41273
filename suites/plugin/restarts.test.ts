import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { killAndStartEngine, restartEngine } from "#harness/workload/docker/engine/ends.ts";
import { startAgain } from "#harness/workload/docker/restart.ts";
import { allowedPort, deniedPort, guard, ports, tutorialRules } from "#suites/policy/fixture.ts";
import { twoNodes } from "./fixture.ts";

const alone = { alone: true, breaks: true, deadlineMs: 180_000 };

/** How often two networks are made and removed at once. */
const quickRounds = 5;

/** Ways in which an engine ends and is there again. */
const ends = { "is restarted": restartEngine, "is killed and started": killAndStartEngine } as const;

chapter("restarts", ({ requirement }) => {
  requirement(
    "R5",
    "the plugin is restarted, and containers from before and after reach each other",
    async ({ cluster, driver, scope }) => {
      if (!driver.restart) throw new Unsupported("the driver has no restart");
      const { network, a, b } = await runPair(scope, { cluster, driver });
      await expectPing(a, b);
      await driver.restart();
      await Promise.all([expectPing(a, b), expectPing(b, a)]);
      const late = await network.run(scope, a.node);
      await Promise.all([expectPing(late, b), expectPing(a, late)]);
      expectThat(![a.ip, b.ip].includes(late.ip), {
        who: `${late.name}, started after the plugin`,
        expected: "an address that is free",
        got: late.ip,
      });
    },
    alone,
  );

  requirement(
    "R5",
    "the plugin is restarted, and what its policies forbid stays forbidden",
    async ({ cluster, driver, declaration, scope }) => {
      if (!driver.restart) throw new Unsupported("the driver has no restart");
      if (!declaration.capabilities.includes("policy")) {
        throw new Unsupported(`${declaration.name} does not declare policy`);
      }
      const [near, far] = twoNodes(cluster.nodes);
      const network = await driver.createNetwork(scope);
      const [client, unguarded] = await Promise.all([network.run(scope, far), network.run(scope, near)]);
      const open = await serve(unguarded, { ports });
      const { tcp } = await guard(scope, driver, network, near, tutorialRules);
      const control = { target: open.at(deniedPort) };
      await expectBlocked(client, tcp.at(deniedPort), { control });
      await driver.restart();
      await expectBlocked(client, tcp.at(deniedPort), { control });
      await expectOpen(client, tcp.at(allowedPort));
    },
    alone,
  );

  requirement(
    "R11",
    "two at a time, while containers of another network run",
    async ({ cluster, driver, scope }) => {
      const { network, a, b } = await runPair(scope, { cluster, driver });
      await expectPing(a, b);
      for (let round = 1; round <= quickRounds; round++) {
        const own = scope.child(`the networks of round ${round}`);
        await Promise.all([driver.createNetwork(own), driver.createNetwork(own)]);
        await own.close();
      }
      await Promise.all([expectPing(a, b), expectPing(b, a)]);
      const late = await network.run(scope, a.node);
      await Promise.all([expectPing(late, b), expectPing(b, late)]);
    },
    alone,
  );

  for (const [how, end] of Object.entries(ends)) {
    requirement(
      "R6",
      `an engine ${how}, and its containers reach the others again`,
      async ({ cluster, driver, scope }) => {
        const { network, a, b } = await runPair(scope, { cluster, driver });
        await expectPing(a, b);
        await end(a.node);
        const seen = await network.inspect(a.node);
        expectFact(`${a.node.name} after its engine came back`, "the network's subnets", seen.subnets, [
          network.subnet,
        ]);
        const back = await startAgain(scope, network, a);
        await Promise.all([expectPing(back, b), expectPing(b, back)]);
        const late = await network.run(scope, a.node);
        await Promise.all([expectPing(late, b), expectPing(b, late), expectPing(late, back)]);
      },
      alone,
    );
  }
});
