import type { Gaps } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { HeldConnection, type HeldTold, tellAll } from "#harness/observe/probe/held/connection.ts";
import { lastThrough, longestGap } from "#harness/observe/probe/held/stream.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** TCP sends again after ever longer times: what stood still for a minute carries lines again within another one. */
const carryMs = 90_000;
const everyMs = 20;

type HoldTest = ChapterContext & Pick<TestTools, "scope" | "fact">;

/** What happens under the connections. */
export interface Happening {
  /** For messages, e.g. `the plugin was started again`. */
  readonly what: string;
  /** By which the driver may declare how long it takes. */
  readonly budget: keyof Gaps;
  act(): Promise<void>;
}

/**
 * Holds a TCP connection and a flow of datagrams between two containers while something happens, and until they carry lines again. Tells the longest
 * gap of each as a fact. Throws `Nonconformance` where a connection ends or carries nothing any more, or stands still for longer than the
 * driver declares.
 */
export async function holdThrough(test: HoldTest, [a, b]: readonly [Workload, Workload], happening: Happening): Promise<void> {
  const { scope, fact, cluster, declaration } = test;
  const [one, other] = [a, b].map(({ node }) => hostPeer(scope, node, "control"));
  const control = await HeldConnection.open(scope, { from: one!, to: other!, protocol: "udp", everyMs });
  const held = await Promise.all(
    (["tcp", "udp"] as const).map((protocol) => HeldConnection.open(scope, { from: a, to: b, protocol, everyMs })),
  );
  const from = Date.now();
  await happening.act();
  await untilCarried(held, Date.now(), happening.what);
  const told = await tellAll([control, ...held]);
  const [beside, ...gaps] = told.map((one) => gapIn(one, from));
  const allowed = declaration.longestGapMs?.[happening.budget];
  for (const [index, connection] of held.entries()) {
    const ms = gaps[index] ?? 0;
    fact(`${connection.spec.protocol} gap ms`, ms);
    if (allowed === undefined || ms <= scaled(allowed)) continue;
    if ((beside ?? 0) > scaled(allowed) / 2) {
      throw new ProbeFailed(
        `datagrams between the nodes themselves stood still for ${beside} ms, so that nobody can tell whose the gap of ${ms} ms is`,
        { hint: "the machine is too busy; run it again with less beside it" },
      );
    }
    throw new Nonconformance({
      who: `${connection.name}, when ${happening.what}`,
      expected: `to stand still for ${scaled(allowed)} ms at most, as the driver declares`,
      got: `${ms} ms`,
    });
  }
}

/** In both directions, in whole milliseconds. */
function gapIn({ there, back, lookedAt }: HeldTold, from: number): number {
  const gaps = [there, back].map((stream) => longestGap(stream, { from, to: lookedAt }, lookedAt)?.ms ?? 0);
  return Math.round(Math.max(...gaps));
}

/** Waits until lines that were sent after `since` have arrived at both ends of each. */
async function untilCarried(held: readonly HeldConnection[], since: number, what: string): Promise<void> {
  let waiting: readonly HeldConnection[] = held;
  await until({ what: `connections to carry lines after ${what}`, deadlineMs: carryMs, everyMs: 200 }, async () => {
    const told = await tellAll(waiting);
    for (const [index, { ended }] of told.entries()) {
      if (ended === undefined) continue;
      return new Nonconformance({
        who: `${waiting[index]?.name}, when ${what}`,
        expected: "to be there as before",
        got: ended,
      });
    }
    waiting = waiting.filter((_, index) => {
      const { there, back } = told[index]!;
      return ![there, back].every((stream) => (lastThrough(stream) ?? 0) > since);
    });
    return waiting.length === 0 && "carried";
  })
    .catch((error: unknown) => {
      if (!(error instanceof DeadlineExceeded) || error.cause !== undefined) throw error;
      return new Nonconformance({
        who: `${waiting[0]?.name}, when ${what}`,
        expected: `to carry lines again within ${scaled(carryMs)} ms`,
        got: "none of them",
      });
    })
    .then((ended) => {
      if (ended instanceof Nonconformance) throw ended;
    });
}
