import type { Cluster } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import type { Probe } from "#harness/observe/hop/hop.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { failureOf } from "#harness/observe/second-look/failure.ts";
import type { Workload } from "#harness/workload/workload.ts";

const deadlineMs = 15_000;

/**
 * The workload fetches the external host's web page, by name or by address, and the source that arrived there must be
 * an address of its node, or the one that is given as `source`. Throws `Nonconformance` when it does not arrive or comes from elsewhere.
 */
export async function fetchFromExternalHost(
  cluster: Cluster,
  workload: Workload,
  {
    byName = false,
    source = workload.node.interfaces.management.address,
  }: { byName?: boolean; source?: string } = {},
): Promise<string> {
  const { external } = cluster;
  const own = external.interfaces.management.address;
  const host = byName ? external.hostName : own;
  const wget = (seconds: number) => [
    "wget",
    "-q",
    "-T",
    `${seconds}`,
    "-O",
    "-",
    `http://${host}:${external.httpPort}/`,
  ];
  const argv = wget(3);
  const byHand: ByHand = {
    host: workload.node,
    argv: ["timeout", "2", ...workload.byHand(wget(2))],
    shows: ({ code, stdout }) => code !== 0 || stdout.trim() !== source,
  };
  const probe: Probe = {
    from: workload,
    to: { name: external.name },
    protocol: "tcp",
    address: own,
    ports: [external.httpPort],
    again: () => workload.exec(wget(1), { deadlineMs: 5_000 }),
  };
  let last = "nothing";
  let seen: string;
  try {
    seen = await until({ what: `${workload.name} to reach ${host}`, deadlineMs }, async () => {
      const fetched = await workload.exec(argv, { deadlineMs: 10_000 });
      last = fetched.stderr.trim() || fetched.stdout.trim() || `exit ${fetched.code}`;
      return fetched.code === 0 && fetched.stdout.trim();
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw await failureOf({
      who: `${workload.name} on ${workload.node.name}`,
      expected: `an answer from http://${host}/`,
      got: last,
      byHand,
      probe: { ...probe, ...(byName ? { byName: host } : {}) },
    });
  }
  if (seen !== source) {
    throw await failureOf({
      who: `the external host's web server, asked by ${workload.name}`,
      expected: `${source === workload.ip ? "its own" : `${workload.node.name}'s`} address ${source} as the source`,
      got: seen,
      byHand,
      // What translated it, or did not, is on its way.
      probe: { ...probe, unwanted: true },
    });
  }
  return seen;
}
