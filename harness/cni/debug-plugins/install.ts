import { fileURLToPath } from "node:url";
import type { Host } from "#harness/host/host.ts";
import { quote } from "#harness/host/shell.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";

/** The debug plugins by file name. */
export const debugPlugins = {
  "debug-interface": "interface",
  "debug-chained": "chained",
  "debug-ipam": "ipam",
} as const satisfies Record<string, PluginKind>;

const script = fileURLToPath(new URL("debug-plugin.cjs", import.meta.url));

/**
 * Puts the debug plugins into a folder of this machine, and for every fault a plugin that has it, called
 * `<plugin>.<fault>`. They run with the Node that runs this process.
 */
export async function installDebugPlugins(
  host: Host,
  folder: string,
  faults: readonly { plugin: keyof typeof debugPlugins; name: string }[] = [],
): Promise<void> {
  for (const [name, role] of Object.entries(debugPlugins)) {
    await host.files.write(`${folder}/${name}`, wrapper([role]), 0o755);
  }
  for (const { plugin, name } of faults) {
    await host.files.write(`${folder}/${plugin}.${name}`, wrapper([debugPlugins[plugin], name]), 0o755);
  }
}

function wrapper(args: readonly string[]): string {
  return `#!/bin/sh\nexec ${[process.execPath, script, ...args].map(quote).join(" ")}\n`;
}
