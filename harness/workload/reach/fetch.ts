import type { Cluster } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { formatCommand } from "#harness/host/shell.ts";
import type { Workload } from "#harness/workload/workload.ts";

const deadlineMs = 15_000;

/**
 * The workload fetches the external host's web page, by name or by address, and the source that arrived there must be
 * an address of its node. Throws `Nonconformance` when it does not arrive or comes from elsewhere.
 */
export async function fetchFromExternalHost(
  cluster: Cluster,
  workload: Workload,
  { byName = false }: { byName?: boolean } = {},
): Promise<string> {
  const { external } = cluster;
  const host = byName ? external.hostName : external.interfaces.management.address;
  const argv = ["wget", "-q", "-T", "3", "-O", "-", `http://${host}:${external.httpPort}/`];
  const evidence = `  reproduce: ${workload.node.name}$ ${formatCommand(["docker", "exec", workload.name, ...argv])}`;
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
    throw new Nonconformance({
      who: `${workload.name} on ${workload.node.name}`,
      expected: `an answer from http://${host}/`,
      got: last,
      evidence,
    });
  }
  const { address } = workload.node.interfaces.management;
  if (seen !== address) {
    throw new Nonconformance({
      who: `the external host's web server, asked by ${workload.name}`,
      expected: `${workload.node.name}'s address ${address} as the source`,
      got: seen,
      evidence,
    });
  }
  return seen;
}
