import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { type ChapterContext, chapter } from "#harness/conformance/chapter.ts";
import { heldOver } from "#harness/conformance/ip-versions/each.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { tellAll } from "#harness/observe/probe/held/connection.ts";
import { restartEngine } from "#harness/workload/docker/engine/ends.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import { nodeOf } from "#suites/lifecycle/fixture.ts";
import { heldLookMs } from "#suites/requirements/rules/connections.ts";
import { silentAfter, untilCarried } from "./carried.ts";
import { makeField } from "./restarts/field.ts";
import { prepareUpgrade } from "./restarts/upgrade.ts";
import { factsOf, gapOf, judge, refuseBusy, seenOf } from "./restarts/verdict.ts";

/** What is restarted says that it is back before it has put everything in order. */
const { settle: settleMs } = heldLookMs;

type Context = Pick<ChapterContext, "cluster" | "driver" | "declaration">;

const upgraded = "another version of the plugin takes over";

/** Something that is restarted under connections. */
interface Restart {
  /** In words. */
  readonly during: string;
  /** Makes it possible, until `scope` closes, and resolves to what does it. Throws `Unsupported` where it cannot be. */
  prepare(context: Context, scope: Scope, node: ClusterNode): Promise<() => Promise<void>>;
}

const restarts: Readonly<Record<"plugin" | "engine", Restart>> = {
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
        const node = nodeOf(test.cluster);
        const restart = await prepare(test, test.scope, node);
        const budgetMs = test.declaration.heldGapMs?.[way];
        await holdThrough(
          test,
          test,
          { node, during, ...(budgetMs === undefined ? {} : { budgetMs }) },
          restart,
        );
      },
      { alone: true, breaks: true, deadlineMs: 240_000 },
    );
  }

  requirement(
    "H2b",
    upgraded,
    async (test) => {
      const { scope, declaration } = test;
      const { before, takeOver } = await prepareUpgrade(scope, declaration);
      const node = nodeOf(before.cluster);
      const budgetMs = declaration.heldGapMs!.upgrade!;
      await holdThrough(test, before, { node, during: upgraded, budgetMs }, () => takeOver(scope));
    },
    { alone: true, deadlineMs: 600_000 },
  );
});

/** What is held, and for how long it may stand still, in milliseconds; left out: nothing is promised. */
interface Held {
  readonly node: ClusterNode;
  readonly during: string;
  readonly budgetMs?: number;
}

/** Holds connections while `change` is made, tells what they did and judges it. Throws `Unsupported` with what was seen where nothing is promised. */
async function holdThrough(
  test: ChapterContext & TestTools & { readonly scope: Scope },
  context: Context,
  { node, during, budgetMs }: Held,
  change: () => Promise<void>,
): Promise<void> {
  const { ways, versions, controls } = await makeField(context, test.scope, node);
  heldOver(test, versions);
  const connections = ways.map(({ connection }) => connection);
  const from = Date.now();
  await change();
  const to = Date.now() + settleMs;
  await untilCarried(controls, to, `while ${during}`);
  const silent = await silentAfter(connections, to);
  const told = await tellAll(connections);
  const seen = ways.map((one, index) =>
    seenOf(one, told[index]!, { from, to }, silent.includes(one.connection)),
  );
  if (budgetMs !== undefined) test.fact(`${during}: declared, longest gap ms`, budgetMs);
  const facts = factsOf(seen);
  for (const [what, found] of Object.entries(facts)) test.fact(`${during}: ${what}`, found);
  const beside = (await tellAll(controls)).map((one) => gapOf(one, { from, to }));
  test.varyingFact(`${during}: controls, longest gap ms`, Math.max(...beside));
  if (budgetMs === undefined) {
    const found = Object.entries(facts).map(([what, one]) => `${what}: ${one}`);
    throw new Unsupported(
      `${test.declaration.name} does not declare how long connections may stand still while ${during}; ${found.join("; ")}`,
    );
  }
  const failure = judge(seen, budgetMs, during);
  if (failure) refuseBusy(Math.max(...beside), seen, budgetMs);
  if (failure) throw failure;
}
