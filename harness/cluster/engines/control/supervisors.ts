import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";

/** What starts and ends the engine of a host: the nodes' own command, systemd, or a service script. */
export const supervisors = ["node", "systemd", "script"] as const;
export type Supervisor = (typeof supervisors)[number];

/** A command that starts, stops or restarts the engine. */
export function commandFor(supervisor: Supervisor, act: "start" | "stop" | "restart"): string[] {
  switch (supervisor) {
    case "node":
      return [nodeEngineCommand, act];
    case "systemd":
      return ["sh", "-ec", systemd[act]];
    case "script":
      return ["/etc/init.d/docker", act];
  }
}

/** Docker's unit may be started three times a minute, after which it counts as failed. */
const forgetStarts = "systemctl reset-failed docker.service 2>/dev/null || true";

const systemd = {
  start: `${forgetStarts}\nsystemctl start docker.service`,
  // A connection to the socket that systemd holds for it would start it again.
  stop: `units=docker.service
systemctl --quiet is-active docker.socket && units="docker.socket docker.service"
systemctl stop $units`,
  restart: `${forgetStarts}\nsystemctl restart docker.service`,
} as const;
