import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { type CnmFaultName, cnmFaultNames, cnmFaults } from "#drivers/reference/faults/tables/cnm.ts";
import { ReferencePlugin } from "#drivers/reference/plugin.ts";
import { type PluginSocket, pluginSocket } from "#harness/cnm/client/client.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { UsageError } from "#harness/core/errors.ts";
import { scratchSocket } from "#harness/core/process/scratch.ts";
import type { Host } from "#harness/host/host.ts";

/**
 * Serves the project's own plugin on a socket of this machine, without cluster and without a dataplane between its
 * interfaces. `fault` is the name of a protocol fault to switch on. Closes, and removes its interfaces, with `scope`.
 */
export async function serveReferencePlugin(scope: Scope, host: Host, fault?: string): Promise<PluginSocket> {
  const loopback = { device: "lo", address: "127.0.0.1" };
  const plugin = new ReferencePlugin([{ host, control: loopback, data: loopback }], { dataplane: "links" });
  if (fault) plugin.faults.add(knownFault(fault));
  await plugin.start();
  scope.defer("the reference plugin", () => plugin.uninstall());
  const path = scratchSocket(scope, "plugin");
  const server = createServer((socket) => plugin.server(host.name).serve(socket));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  scope.defer(`the socket ${path}`, async () => {
    server.close();
    await rm(path, { force: true });
  });
  return { ...pluginSocket(path), name: "reference" };
}

function knownFault(name: string): CnmFaultName {
  if (Object.hasOwn(cnmFaults, name)) return name as CnmFaultName;
  throw new UsageError(`FAULT=${name}: the reference plugin has no such protocol fault`, {
    hint: `one of ${cnmFaultNames.join(", ")}`,
  });
}
