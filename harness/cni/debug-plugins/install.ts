import { fileURLToPath } from "node:url";
import type { Host } from "#harness/host/host.ts";
import { quote } from "#harness/host/shell.ts";
import type { PluginKind } from "#suites/requirements/cni.ts";

/** The debug plugins by file name. */
export const debugPlugins = {
  "debug-interface": "interface",
  "debug-chained": "chained",
  "debug-ipam": "ipam",
} as const satisfies Record<string, PluginKind>;

const script = fileURLToPath(new URL("debug-plugin.cjs", import.meta.url));

/**
 * Puts the debug plugins into a folder of this machine, all of them with the same fault or with none.
 * They run with the Node that runs this process.
 */
export async function installDebugPlugins(host: Host, folder: string, fault?: string): Promise<void> {
  for (const [name, role] of Object.entries(debugPlugins)) {
    const argv = [process.execPath, script, role, ...(fault ? [fault] : [])].map(quote).join(" ");
    await host.files.write(`${folder}/${name}`, `#!/bin/sh\nexec ${argv}\n`, 0o755);
  }
}
