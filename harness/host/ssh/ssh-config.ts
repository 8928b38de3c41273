import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SshTarget } from "./ssh-target.ts";

/**
 * Writes what OpenSSH's own client needs to reach the target, through its jump hosts where it has any, into `folder`
 * (which only the user may read) and yields the path: `ssh -F PATH NAME`.
 */
export function writeSshConfig(folder: string, target: SshTarget): string {
  const hops: SshTarget[] = [];
  for (let hop: SshTarget | undefined = target; hop; hop = hop.jump) hops.unshift(hop);
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(
    knownHosts,
    hops.flatMap(({ name, hostKeys }) => hostKeys.map((key) => `${name} ${key}\n`)).join(""),
  );
  const blocks = hops.map((hop) => {
    const keyFile = hop.keyFile ?? join(folder, `${hop.name}.key`);
    if (hop.privateKey !== undefined) writeFileSync(keyFile, hop.privateKey, { mode: 0o600 });
    return [
      `Host ${hop.name}`,
      `HostName ${hop.address}`,
      `HostKeyAlias ${hop.name}`,
      `Port ${hop.port}`,
      `User ${hop.user}`,
      `UserKnownHostsFile "${knownHosts}"`,
      "StrictHostKeyChecking yes",
      "LogLevel ERROR",
      ...((hop.keyFile ?? hop.privateKey) ? [`IdentityFile "${keyFile}"`] : []),
      ...(hop.agent ? [`IdentityAgent "${hop.agent}"`] : []),
      ...(hop.jump ? [`ProxyJump ${hop.jump.name}`] : []),
    ].join("\n  ");
  });
  const path = join(folder, "config");
  writeFileSync(path, `${blocks.join("\n")}\n`);
  return path;
}
