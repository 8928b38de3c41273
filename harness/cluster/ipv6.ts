import { createHash } from "node:crypto";
import type { Scope } from "#harness/core/async/scope.ts";
import { nthAddress, parseAddress } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { NodeInterface, Role } from "./cluster.ts";

/** A unique local prefix (RFC 4193) of a cluster's own for the network of that role, e.g. `fd3f:9a1c:77e2::/64`. */
export function prefix6Of(cluster: string, role: Role): string {
  const seed = role === "management" ? cluster : `${cluster} ${role}`;
  const global = createHash("sha256").update(seed).digest("hex");
  return `fd${global.slice(0, 2)}:${global.slice(2, 6)}:${global.slice(6, 10)}::/64`;
}

/** The address in such a prefix that goes with an IPv4 one, which is its last part. */
export function address6Of(prefix: string, address: string): string {
  return nthAddress(prefix, parseAddress(address).value);
}

/** Switches IPv6 on for an interface until `scope` closes, where it is off; `default` is what interfaces begin with that are made then. */
export async function switchIpv6On(scope: Scope, host: Host, device: string): Promise<void> {
  const off = `/proc/sys/net/ipv6/conf/${device}/disable_ipv6`;
  if ((await host.run(["cat", off])).trim() === "0") return;
  const write = (value: string) => ["sh", "-c", 'echo "$1" >"$2"', "sh", value, off];
  await withUndo(scope, host, write("0"), write("1"));
}

/** Gives an interface that address until `scope` closes, and resolves to it. Switches IPv6 on where it is off for the interface. */
export async function assignIpv6(
  scope: Scope,
  host: Host,
  { device, address }: Pick<NodeInterface, "device" | "address">,
  prefix: string,
): Promise<string> {
  const ip = address6Of(prefix, address);
  await switchIpv6On(scope, host, device);
  // An address that is still looked for on the wire cannot be used.
  const assigned = [`${ip}/64`, "dev", device];
  await withUndo(
    scope,
    host,
    ["ip", "-6", "address", "replace", ...assigned, "nodad"],
    ["ip", "-6", "address", "del", ...assigned],
  );
  return ip;
}
