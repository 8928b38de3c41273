import type { Duplex } from "node:stream";
import { z } from "zod";
import { exits, logLine } from "#drivers/kit/netctl/messages.ts";
import type { AdminClient } from "#drivers/reference/admin/client.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { bothHalves } from "#harness/core/rpc/messages.ts";
import { checked, serveRpc } from "#harness/core/rpc/server.ts";
import { programFile } from "#harness/host/agent/program.ts";
import { type NetctlAnswer, runNetctl } from "./netctl.ts";

const clientPath = "/usr/local/bin/netctl";
const socketPath = "/run/netconform-netctl.sock";

interface NetctlMethods {
  /** Runs a command line, given without the word `netctl`. */
  run(given: { arguments: string[] }): NetctlAnswer;
}

/**
 * Puts the command `netctl` onto every node; it reaches the plugin through a socket into this process, until `scope` closes.
 * Then what the plugin still has goes too.
 */
export async function serveNetctl(scope: Scope, cluster: Cluster, admin: AdminClient): Promise<void> {
  const run = checked(z.object({ arguments: z.array(z.string()) }), ({ arguments: given }) =>
    runNetctl(admin, given).catch(
      (error: Error): NetctlAnswer => ({ code: exits.noAnswer, output: logLine("ERRO", error.message) }),
    ),
  );
  const connections = new Set<Duplex>();
  scope.defer("netctl's connections", () => {
    for (const stream of connections) stream.destroy();
  });
  scope.defer("what netctl has made", () => removeEverything(admin));
  const program = programFile(["command", socketPath]);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      await node.files.write(clientPath, program, 0o755);
      scope.defer(`netctl on ${node.name}`, () => node.files.remove(clientPath));
      const forward = await node.forwardIn(socketPath, (stream) => {
        connections.add(stream);
        stream.once("close", () => connections.delete(stream));
        serveRpc<NetctlMethods>(bothHalves(stream), { run });
      });
      scope.defer(`netctl's socket on ${node.name}`, () => forward.close());
    }),
  );
}

/** Rules, groups, policies, networks and tenants, in the order in which nothing that goes is still in use. */
async function removeEverything(admin: AdminClient): Promise<void> {
  const policies = await admin.call("listPolicies", {});
  for (const { tenant, name: policy } of policies) {
    for (const { id } of await admin.call("listRules", { tenant, policy })) {
      await admin.call("removeRule", { tenant, policy, id });
    }
  }
  for (const { tenant, name } of await admin.call("listGroups", {})) {
    await admin.call("removeGroup", { tenant, name });
  }
  for (const policy of policies) await admin.call("deletePolicy", policy);
  for (const { tenant, name } of await admin.call("listNetworks", {})) {
    await admin.call("removeNetwork", { tenant, name });
  }
  for (const name of await admin.call("listTenants", {})) {
    if (name !== defaultTenant) await admin.call("deleteTenant", { name });
  }
}
