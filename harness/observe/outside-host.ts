import type { ExternalHost } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { ProbeAgent } from "#harness/host/agent/agent.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Peer } from "#harness/observe/probe/service.ts";

/**
 * Makes a network namespace of the external host, in which a host of its own outside of the cluster can be. It goes with
 * `scope`. That of a run that was killed is replaced: it is still there where the cluster was kept.
 */
export async function addNamespace(scope: Scope, external: ExternalHost, name: string): Promise<void> {
  const gone = ["sh", "-c", '! [ -e "/run/netns/$1" ] || ip netns delete "$1"', "sh", name];
  await external.run(gone);
  await withUndo(scope, external, ["ip", "netns", "add", name], gone);
}

/** The host in such a namespace as a peer with that name and address. Its agent ends with `scope`. */
export async function peerIn(
  scope: Scope,
  external: ExternalHost,
  { netns, name = netns, ip }: { netns: string; name?: string; ip: string },
): Promise<Peer> {
  const agent = await ProbeAgent.start(external, `/run/netns/${netns}`);
  scope.defer(`probe agent of ${netns}`, () => agent.close());
  return { name, ip, agent: async () => agent };
}
