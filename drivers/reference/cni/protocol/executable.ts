import { programFile } from "#harness/host/agent/program.ts";
import { cniSocketPath } from "./server.ts";

/** File name of the plugin's executable, which is its `type` in configurations. */
export const executableName = "netconform-reference";

/** The plugin's executable, to be put on nodes: it has its calls answered by the plugin's process over the socket. */
export function executable(socket = cniSocketPath): string {
  return programFile(["cni", socket, "the reference plugin"]);
}
