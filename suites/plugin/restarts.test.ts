import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import type { Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import { runStackedPair } from "#harness/conformance/pair.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { killAndStartEngine, restartEngine } from "#harness/workload/docker/engine/ends.ts";
import { startAgain } from "#harness/workload/docker/restart.ts";
import type { Workload } from "#harness/workload/workload.ts";
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
    async ({ cluster, declaration, driver, scope }) => {
      if (!driver.restart) throw new Unsupported("the driver has no restart");
      const { a, b, ...stacked } = await runStackedPair(scope, { cluster, declaration, driver });
      await expectReached(stacked, [a, b]);
      await driver.restart();
      await expectReached(stacked, [a, b], [b, a]);
      const late = await stacked.network.run(scope, a.node);
      await expectReached(stacked, [late, b], [a, late]);
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
    async ({ cluster, declaration, driver, scope }) => {
      const { a, b, ...stacked } = await runStackedPair(scope, { cluster, declaration, driver });
      await expectReached(stacked, [a, b]);
      for (let round = 1; round <= quickRounds; round++) {
        const own = scope.child(`the networks of round ${round}`);
        await Promise.all([driver.createNetwork(own), driver.createNetwork(own)]);
        await own.close();
      }
      await expectReached(stacked, [a, b], [b, a]);
      const late = await stacked.network.run(scope, a.node);
      await expectReached(stacked, [late, b], [b, late]);
    },
    alone,
  );

  for (const [how, end] of Object.entries(ends)) {
    requirement(
      "R6",
      `an engine ${how}, and its containers reach the others again`,
      async ({ cluster, declaration, driver, scope }) => {
        const { a, b, ...stacked } = await runStackedPair(scope, { cluster, declaration, driver });
        const { network, subnet6 } = stacked;
        await expectReached(stacked, [a, b]);
        await end(a.node);
        const seen = await network.inspect(a.node);
        expectFact(`${a.node.name} after its engine came back`, "the network's subnets", seen.subnets, [
          network.subnet,
          ...(subnet6 ? [subnet6] : []),
        ]);
        const back = await startAgain(scope, network, a);
        await expectReached(stacked, [back, b], [b, back]);
        const late = await network.run(scope, a.node);
        await expectReached(stacked, [late, b], [b, late], [late, back]);
      },
      alone,
    );
  }
});

/** Who of each pair is first reaches who is second, over each IP version of their network. Throws `Nonconformance` otherwise. */
async function expectReached(
  { versions, over }: Pick<Stacked, "versions" | "over">,
  ...pairs: readonly (readonly [Workload, Workload])[]
): Promise<void> {
  await Promise.all(
    pairs.flatMap(([from, to]) =>
      versions.map(async (version) => expectPing(await over(version, from), await over(version, to))),
    ),
  );
}
