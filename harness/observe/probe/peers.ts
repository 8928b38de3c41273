import type { ClusterNode, ExternalHost, Role } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { Peer } from "./service.ts";

/** A node or the external host as a peer that probes and is probed; its agent ends with `scope`. */
export function hostPeer(scope: Scope, host: ClusterNode | ExternalHost, role: Role = "management"): Peer {
  let agent: Promise<ProbeAgent> | undefined;
  return {
    name: host.name,
    ip: host.interfaces[role].address,
    agent: () => {
      agent ??= ProbeAgent.start(host).then((started) => {
        scope.defer(`probe agent on ${host.name}`, () => started.close());
        return started;
      });
      return agent;
    },
  };
}
