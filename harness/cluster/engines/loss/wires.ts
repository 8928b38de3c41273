import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";

const table = "netconform_lost";
const mend = ["nft", "delete", "table", "inet", table];

/** Devices that lead to the other nodes. Throws `Blocked` where the harness comes that way itself. */
export function wiresOf({ name, interfaces: { management, control, data } }: ClusterNode): string[] {
  const devices = [...new Set([control.device, data.device])];
  if (!devices.includes(management.device)) return devices;
  throw new Blocked(`${name}: ${management.device} carries the harness's own connection as well`);
}

/** Drops whatever comes from the devices or goes to them, until `scope` closes. */
export function cutWires(scope: Scope, node: ClusterNode, devices: readonly string[]): Promise<void> {
  const names = devices.map((device) => `"${device}"`).join(", ");
  const chain = (hook: "input" | "output" | "forward", which: "iifname" | "oifname") =>
    `chain ${hook} { type filter hook ${hook} priority -300; ${which} { ${names} } drop; }`;
  const chains = [chain("input", "iifname"), chain("output", "oifname"), chain("forward", "oifname")];
  const script = 'printf "%s\\n" "$1" | nft --file -';
  const rules = `table inet ${table} {\n${chains.join("\n")}\n}`;
  return withUndo(scope, node, ["sh", "-c", script, "sh", rules], mend);
}

/** Mends what a run that was killed had cut. */
export async function mendWires(host: Host): Promise<void> {
  await host.exec(mend);
}
