import type { Host } from "#harness/host/host.ts";

/** Folder for everything that the driver puts on a node, logs excepted. */
export const folder = "/opt/netconform-contiv";
/** Folder for the logs of daemons that the driver starts; one file for each. */
export const logFolder = "/var/log/netconform-contiv";

/** Whether a URL answers with a success; `socket`: through that unix socket of the host. */
export async function answers(host: Host, url: string, socket?: string): Promise<boolean> {
  const through = socket ? ["--unix-socket", socket] : [];
  const asked = await host.exec([
    ...["curl", "--silent", "--fail", "--output", "/dev/null", "--max-time", "5", ...through, url],
  ]);
  return asked.code === 0;
}
