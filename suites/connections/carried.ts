import { until } from "#harness/core/async/poll.ts";
import { didNotCome, ProbeFailed } from "#harness/core/errors.ts";
import { type HeldConnection, tellAll } from "#harness/observe/probe/held/connection.ts";
import { lastThrough } from "#harness/observe/probe/held/stream.ts";
import { heldLookMs } from "#suites/requirements/rules/connections.ts";

/** TCP sends again after ever longer times. */
const { carry: carryMs } = heldLookMs;

/**
 * Waits until of each connection what is sent after `since` arrives at both ends. Resolves to those of which it does not within
 * `carryMs`; one that has ended is not waited for.
 */
export async function silentAfter(
  connections: readonly HeldConnection[],
  since: number,
): Promise<readonly HeldConnection[]> {
  let silent: readonly HeldConnection[] = connections;
  const ended: HeldConnection[] = [];
  const what = "lines at both ends of connections";
  await until({ what, deadlineMs: Math.max(0, since - Date.now()) + carryMs, everyMs: 200 }, async () => {
    const told = await tellAll(silent);
    ended.push(...silent.filter((_, index) => told[index]!.ended !== undefined));
    silent = silent.filter((connection, index) => {
      const { there, back } = told[index]!;
      const arrives = [there, back].every((stream) => (lastThrough(stream) ?? 0) > since);
      return !arrives && !ended.includes(connection);
    });
    return silent.length === 0;
  }).catch((error: unknown) => {
    if (!didNotCome(error)) throw error;
  });
  return [...ended, ...silent];
}

/** The positive control of what must not get through: throws `ProbeFailed` unless what is sent after `since` arrives, at both ends of each. */
export async function untilCarried(
  connections: readonly HeldConnection[],
  since: number,
  when: string,
): Promise<void> {
  const silent = await silentAfter(connections, since);
  if (silent.length === 0) return;
  throw new ProbeFailed(
    `the positive control failed ${when}: ${silent.length} of ${connections.length} connections carried nothing any more, e.g. ${silent[0]?.name}`,
  );
}
