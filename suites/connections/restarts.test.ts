import type { HeldGaps } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { type ChapterContext, chapter } from "#harness/conformance/chapter.ts";
import { heldOver } from "#harness/conformance/ip-versions/each.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { tellAll } from "#harness/observe/probe/held/connection.ts";
import { restartEngine } from "#harness/workload/docker/engine/ends.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import { nodeOf } from "#suites/lifecycle/fixture.ts";
import { heldLookMs } from "#suites/requirements/rules/connections.ts";
import { silentAfter, untilCarried } from "./carried.ts";
import { makeField } from "./restarts/field.ts";
import { factsOf, gapOf, judge, refuseBusy, seenOf } from "./restarts/verdict.ts";

/** What is restarted says that it is back before it has put everything in order. */
const { settle: settleMs } = heldLookMs;

type Context = Pick<ChapterContext, "cluster" | "driver" | "declaration">;

/** Something that is restarted under connections. */
interface Restart {
  /** In words. */
  readonly during: string;
  /** Makes it possible, until `scope` closes, and resolves to what does it. Throws `Unsupported` where it cannot be. */
  prepare(context: Context, scope: Scope, node: ClusterNode): Promise<() => Promise<void>>;
}

const restarts: Readonly<Record<keyof HeldGaps, Restart>> = {
  plugin: {
    during: "the plugin is restarted",
    async prepare({ driver }) {
      if (!driver.restart) throw new Unsupported("the driver has no restart");
      return () => driver.restart!();
    },
  },
  engine: {
    during: "an engine is restarted, whose containers run on",
    async prepare(_context, scope, node) {
      await enableLiveRestore(scope, node);
      return () => restartEngine(node);
    },
  },
};

chapter("connections", ({ requirement }) => {
  for (const way of ["plugin", "engine"] as const) {
    const { during, prepare } = restarts[way];
    requirement(
      "H2",
      during,
      async (test) => {
        const { declaration, scope } = test;
        const node = nodeOf(test.cluster);
        const restart = await prepare(test, scope, node);
        const { ways, versions, controls } = await makeField(test, scope, node);
        heldOver(test, versions);
        const connections = ways.map(({ connection }) => connection);
        const from = Date.now();
        await restart();
        const to = Date.now() + settleMs;
        await untilCarried(controls, to, `while ${during}`);
        const silent = await silentAfter(connections, to);
        const told = await tellAll(connections);
        const seen = ways.map((one, index) =>
          seenOf(one, told[index]!, { from, to }, silent.includes(one.connection)),
        );
        const budgetMs = declaration.heldGapMs?.[way];
        if (budgetMs !== undefined) test.fact(`${during}: declared, longest gap ms`, budgetMs);
        const facts = factsOf(seen);
        for (const [what, found] of Object.entries(facts)) test.fact(`${during}: ${what}`, found);
        const beside = (await tellAll(controls)).map((one) => gapOf(one, { from, to }));
        test.fact(`${during}: controls, longest gap ms`, Math.max(...beside));
        if (budgetMs === undefined) {
          const found = Object.entries(facts).map(([what, one]) => `${what}: ${one}`);
          throw new Unsupported(
            `${declaration.name} does not declare how long connections may stand still while ${during}; ${found.join("; ")}`,
          );
        }
        const failure = judge(seen, budgetMs, during);
        if (failure) refuseBusy(Math.max(...beside), seen, budgetMs);
        if (failure) throw failure;
      },
      { alone: true, breaks: true, deadlineMs: 240_000 },
    );
  }
});
