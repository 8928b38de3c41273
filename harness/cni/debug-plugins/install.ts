import { fileURLToPath } from "node:url";
import type { Host } from "#harness/host/host.ts";
import { quote } from "#harness/host/shell.ts";
import { type DebugFault, type DebugPlugin, debugPlugins } from "./faults.ts";

const script = fileURLToPath(new URL("program/debug-plugin.cjs", import.meta.url));

/**
 * Puts the debug plugins into a folder of this machine, and for every fault a plugin that has it, called
 * `<plugin>.<fault>`. They run with the Node that runs this process.
 */
export async function installDebugPlugins(
  host: Host,
  folder: string,
  faults: readonly { plugin: DebugPlugin; behaviour: DebugFault }[] = [],
): Promise<void> {
  for (const [name, role] of Object.entries(debugPlugins)) {
    await host.files.write(`${folder}/${name}`, wrapper([role]), 0o755);
  }
  for (const { plugin, behaviour } of faults) {
    const file = `${folder}/${plugin}.${behaviour}`;
    await host.files.write(file, wrapper([debugPlugins[plugin], behaviour]), 0o755);
  }
}

function wrapper(args: readonly string[]): string {
  return `#!/bin/sh\nexec ${[process.execPath, script, ...args].map(quote).join(" ")}\n`;
}
