import { HarnessError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { asRoot, probePrivilege } from "#harness/host/setup/privilege.ts";

/** IPv6 is forwarded whatever a single device says, unless it has none at all. A machine may be without IPv6. */
const close = `
put() { [ "$(cat "$1")" = "$2" ] || echo "$2" >"$1"; }
put "/proc/sys/net/ipv4/conf/$1/forwarding" 0
ipv6=/proc/sys/net/ipv6/conf/$1/disable_ipv6
[ ! -e "$ipv6" ] || put "$ipv6" 1`;

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
