import type { Policy, Rule } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { HeldConnection, tellAll } from "#harness/observe/probe/held/connection.ts";
import { type Period, silentFrom } from "#harness/observe/probe/held/stream.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";

/** Milliseconds between two datagrams: nothing that is sooner is told apart. */
const everyMs = 5;
/** So many datagrams in a row that do not arrive show that a rule binds. */
const silentLines = 20;
/** So many that do, that it binds no more. */
const openLines = 3;
const changeMs = 15_000;
/** After a rule that took so long no more are tried. */
const slowMs = 2_500;

const denied: Rule = { id: "deny", direction: "in", protocol: "udp", action: "deny", priority: 1 };

/** How soon a rule bound, in milliseconds. */
export interface Binding {
  /** After the order was given. */
  readonly afterOrderMs: number;
  /** After it returned; 0 where it was sooner. */
  readonly afterReturnMs: number;
}

/**
 * Adds a rule and removes it so many times, while a client on each node opens a new flow every few milliseconds; a slow one is the last. Throws
 * `Nonconformance` where a rule does not bind, or does not go, in time.
 */
export async function measureBindings(
  { cluster, driver }: ChapterContext,
  scope: Scope,
  times: number,
): Promise<Binding[]> {
  const nodes = twoNodes(cluster.nodes);
  const network = await driver.createNetwork(scope);
  const policy = await createPolicy(scope, driver, uniqueName("policy"));
  const group = await createGroup(scope, driver, {
    ...{ name: uniqueName("group"), network: network.name, policies: [policy.name] },
  });
  const [member, clients] = await Promise.all([
    network.run(scope, nodes[0], { group }),
    Promise.all(nodes.map((node) => network.run(scope, node))),
  ]);
  const flows = await Promise.all(
    clients.map((from) =>
      HeldConnection.open(scope, { from, to: member, protocol: "udp", fresh: true, everyMs }),
    ),
  );
  const rounds: { given: number; returned: number; lifted: number }[] = [];
  for (let slow = false; rounds.length < times && !slow; ) {
    const round = await changeOnce(policy, flows);
    rounds.push(round);
    slow = round.lifted - round.returned > scaled(slowMs);
  }
  const told = await tellAll(flows);
  return rounds.map(({ given, returned, lifted }) => {
    const period: Period = { from: given, to: lifted };
    const bound = Math.max(...told.map(({ there }) => silentFrom(there, period)));
    return { afterOrderMs: bound - given, afterReturnMs: Math.max(0, bound - returned) };
  });
}

async function changeOnce(policy: Policy, flows: readonly HeldConnection[]) {
  const given = Date.now();
  await policy.addRule(denied);
  const returned = Date.now();
  await untilSilent(flows);
  const lifted = Date.now();
  await policy.removeRule(denied.id);
  await untilOpen(flows);
  return { given, returned, lifted };
}

async function untilSilent(flows: readonly HeldConnection[]): Promise<void> {
  const last = await countsOf(flows);
  await soon(flows, "nothing to arrive any more", async () => {
    const now = await countsOf(flows);
    return now.map((counts, index) => {
      if (counts.there > last[index]!.there) last[index] = counts;
      return counts.sent - last[index]!.sent >= silentLines;
    });
  });
}

async function untilOpen(flows: readonly HeldConnection[]): Promise<void> {
  const before = await countsOf(flows);
  await soon(flows, "datagrams to arrive again", async () => {
    const now = await countsOf(flows);
    return now.map(({ there }, index) => there - before[index]!.there >= openLines);
  });
}

function countsOf(flows: readonly HeldConnection[]): Promise<Counts[]> {
  return Promise.all(flows.map((flow) => flow.counts()));
}

type Counts = Awaited<ReturnType<HeldConnection["counts"]>>;

/** Waits until it holds of all flows. */
async function soon(
  flows: readonly HeldConnection[],
  expected: string,
  look: () => Promise<boolean[]>,
): Promise<void> {
  let waiting: readonly HeldConnection[] = flows;
  await until({ what: expected, deadlineMs: changeMs, everyMs: 20 }, async () => {
    const holds = await look();
    waiting = flows.filter((_, index) => !holds[index]);
    return waiting.length === 0;
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded) || error.cause !== undefined) throw error;
    throw new Nonconformance({
      who: `${waiting[0]?.name}, after a change of rules`,
      expected: `${expected} within ${scaled(changeMs)} ms`,
      got: "the contrary",
    });
  });
}
