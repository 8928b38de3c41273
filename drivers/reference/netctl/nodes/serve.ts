import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { exits, logLine } from "#drivers/kit/netctl/messages.ts";
import type { AdminClient } from "#drivers/reference/admin/client.ts";
import { defaultTenant } from "#drivers/reference/model/state.ts";
import { runNetctl } from "#drivers/reference/netctl/netctl.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/scope.ts";

const client = new URL("netctl.sh", import.meta.url);
const clientPath = "/usr/local/bin/netctl";
const socketPath = "/run/netconform-netctl.sock";

/**
 * Puts the command `netctl` onto every node; it reaches the plugin through a socket into this process, until `scope` closes.
 * Then what the plugin still has goes too.
 */
export async function serveNetctl(scope: Scope, cluster: Cluster, admin: AdminClient): Promise<void> {
  const server = createServer((request, response) => {
    const answer = buffer(request).then((body) => {
      const given = body.toString("utf8").split("\0").slice(0, -1);
      return runNetctl(admin, given.length === 1 && given[0] === "" ? [] : given);
    });
    answer.then(
      ({ code, output }) => response.end(`${code}\n${output}`),
      (error: Error) => response.end(`${exits.noAnswer}\n${logLine("ERRO", error.message)}`),
    );
  });
  scope.defer("netctl's server", () => server.closeAllConnections());
  scope.defer("what netctl has made", () => removeEverything(admin));
  const text = await readFile(client);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      await node.files.write(clientPath, text, 0o755);
      scope.defer(`netctl on ${node.name}`, () => node.files.remove(clientPath));
      const forward = await node.forwardIn(socketPath, (stream) => server.emit("connection", stream));
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
