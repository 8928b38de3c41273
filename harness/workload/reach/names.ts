import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, type Nonconformance } from "#harness/core/errors.ts";
import { familyOf } from "#harness/core/ip.ts";
import { failureOf } from "#harness/observe/second-look/failure.ts";
import type { Workload } from "#harness/workload/workload.ts";

/**
 * `docker exec FROM ping TO`, as the tutorial does it: the name goes through the container's own resolver.
 * The address that answers must be the other's, so that a name that leads elsewhere is seen. It is asked for that address's IP version: in a
 * dual-stack network a name has both.
 * Throws `Nonconformance` when it does not work within the deadline.
 */
export async function expectPingByName(
  from: Workload,
  to: { name: string; ip: string },
  deadlineMs = 15_000,
): Promise<void> {
  const argv = ["ping", `-${familyOf(to.ip)}`, "-c", "1", "-W", "2", to.name];
  let last = "nothing";
  try {
    await until({ what: `${from.name} to ping ${to.name}`, deadlineMs, everyMs: 200 }, async () => {
      const ping = await from.exec(argv, { deadlineMs: 10_000 });
      last = (ping.stdout + ping.stderr).trim();
      return ping.code === 0;
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw await failure(from, to, argv, last);
  }
  if (!last.includes(`(${to.ip})`)) throw await failure(from, to, argv, last);
}

function failure(
  from: Workload,
  to: { name: string; ip: string },
  argv: string[],
  last: string,
): Promise<Nonconformance> {
  return failureOf({
    who: `${from.name} on ${from.node.name}`,
    expected: `${to.name} to answer from ${to.ip}`,
    got: last,
    byHand: {
      host: from.node,
      argv: ["timeout", "2", ...from.byHand(argv)],
      shows: ({ code, stdout }) => code !== 0 || !stdout.includes(`(${to.ip})`),
    },
    probe: {
      from,
      to,
      protocol: "icmp",
      address: to.ip,
      ports: [],
      byName: to.name,
      again: () => from.exec(argv, { deadlineMs: 5_000 }),
    },
  });
}
