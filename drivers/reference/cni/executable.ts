import { readFileSync } from "node:fs";
import { cniSocketPath } from "./server.ts";

/** File name of the plugin's executable, which is its `type` in configurations. */
export const executableName = "netconform-reference";

/** The plugin's executable, to be put on nodes: a script that speaks to the plugin's process over the socket. */
export function executable(socket = cniSocketPath): string {
  const text = readFileSync(new URL("netconform-reference.py", import.meta.url), "utf8");
  return text.replace(JSON.stringify(cniSocketPath), JSON.stringify(socket));
}
