import { expectFact } from "#harness/conformance/expect.ts";
import { NoRoute } from "#harness/host/agent/agent.ts";
import type { BgpTold } from "#harness/host/agent/bgp.ts";
import type { Substitute } from "#harness/observe/bgp/substitute.ts";
import { untilSeen } from "#harness/observe/probe/expectation.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import type { Peer } from "#harness/observe/probe/service.ts";

/**
 * Announces three addresses, then two of them with a malformed attribute each, and at last a fourth one: the first and the last are
 * reached from `from`, the other two are not, and the session is the same. What is used of the last message shows that those
 * before it were taken. Resolves to the messages of the neighbour.
 */
export async function expectMalformedWithdrawn(
  session: Substitute,
  { host, from }: { host: Peer; from: Peer },
): Promise<string[]> {
  const kept = session.address(1);
  const origin = session.address(2);
  const metric = session.address(3);
  const last = session.address(4);
  const announced = (...targets: readonly { ip: string }[]) => targets.map(({ ip }) => `${ip}/32`);
  await session.announce(announced(kept, origin, metric));
  await Promise.all([kept, origin, metric].map((target) => expectPing(from, target)));

  await session.announce(announced(origin), "ORIGIN");
  await session.announce(announced(metric), "MULTI_EXIT_DISC");
  await session.announce(announced(last));
  const who = `the session of ${from.name}'s node, told of a malformed ORIGIN and MULTI_EXIT_DISC`;
  await untilSeen({
    who,
    expected: `to stay; the route to ${last.ip}, announced next, to be used, and none to ${origin.ip} and ${metric.ip}`,
    deadlineMs: 10_000,
    look: async () => {
      const [used, ...stale] = await Promise.all(
        [last, origin, metric].map(async ({ ip }) => ((await answers(from, ip)) ? [ip] : [])),
      );
      return { used: used?.length === 1, stale: stale.flat(), told: await session.told() };
    },
    accept: (seen): seen is Seen => seen.used && seen.stale.length === 0 && seen.told.end === null,
    describe: ({ used, stale, told: { end } }) =>
      `${end === null ? "up" : `ended by the node: ${end}`}; the next route ${used ? "used" : "not used"}${stale.map((ip) => `; ${ip} answers`).join("")}`,
  });
  // The host's own address is announced by another router: this control does not depend on the session.
  await Promise.all(
    [origin, metric].map((target) =>
      expectNoPing(from, target, { control: { to: host }, mayLackRoute: true }),
    ),
  );
  const { messages, end } = await session.told();
  expectFact(who, "how the node ended it", end, null);
  await Promise.all([expectPing(from, kept), expectPing(from, last), expectPing(host, from)]);
  return messages;
}

interface Seen {
  used: boolean;
  /** Addresses that answer and should not. */
  stale: string[];
  told: BgpTold;
}

/** Whether one ping is answered; where there is no route none is. */
async function answers(from: Peer, address: string): Promise<boolean> {
  const agent = await from.agent();
  try {
    return (await agent.ping({ address, timeoutMs: 500 })).received > 0;
  } catch (error) {
    if (error instanceof NoRoute) return false;
    throw error;
  }
}
