import { HarnessError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { asRoot, probePrivilege } from "#harness/host/setup/privilege.ts";

/** A bridge without an address of IPv6 may lack the second of them. */
const close = `
for version in ipv4 ipv6; do
  switch=/proc/sys/net/$version/conf/$1/forwarding
  [ ! -e "$switch" ] || echo 0 >"$switch"
done`;

/**
 * Keeps this machine from forwarding what comes in at a bridge. A private engine makes no firewall rules, which close an engine's
 * internal networks otherwise; a node that names the bridge its gateway would reach other clusters, and what the machine has a route to.
 */
export async function closeBridge(bridge: string): Promise<void> {
  const local = new LocalHost();
  const privilege = await probePrivilege(local);
  const { code, stderr } = await local.exec(asRoot(privilege, ["sh", "-ec", close, "close", bridge]));
  if (code === 0) return;
  throw new HarnessError(`this machine forwards what comes in at ${bridge}: ${stderr.trim()}`, {
    hint: "/proc/sys/net must be writable where a private Docker Engine runs; or set DOCKER_HOST to another engine",
  });
}
