import { randomBytes } from "node:crypto";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";

/** Every table of ours is called so, and something that is its own. */
const table = "netconform_lost";
/** Of the queueing disciplines that are ours; others have smaller ones by themselves. */
const handle = "4e43:";

/** Takes the tables away of a run that was killed, and its queueing disciplines. */
const mend = `
for name in $(nft list tables inet | awk '$3 ~ /^${table}/ { print $3 }'); do nft delete table inet "$name"; done
tc qdisc show | awk '$3 == "${handle}" { print $5 }' | while read -r device; do tc qdisc delete dev "$device" root; done`;

/** Devices that lead to the other nodes. Throws `Blocked` where the harness comes that way itself. */
export function wiresOf({ name, interfaces: { management, control, data } }: ClusterNode): string[] {
  const devices = [...new Set([control.device, data.device])];
  if (!devices.includes(management.device)) return devices;
  throw new Blocked(`${name}: ${management.device} carries the harness's own connection as well`);
}

/** Drops whatever comes from the devices or goes to them, until `scope` closes. */
export function cutWires(scope: Scope, node: ClusterNode, devices: readonly string[]): Promise<void> {
  return dropOn(scope, node, devices, { percent: 100, directions: ["in", "out"] });
}

/** Which packets are dropped, as the node sees them. */
export interface Dropping {
  /** Of a hundred, each by chance. */
  readonly percent: number;
  readonly directions: readonly ("in" | "out")[];
}

/** Drops of what comes from the devices or goes to them, until `scope` closes. */
export function dropOn(
  scope: Scope,
  node: ClusterNode,
  devices: readonly string[],
  { percent, directions }: Dropping,
): Promise<void> {
  const own = `${table}_${randomBytes(3).toString("hex")}`;
  const names = devices.map((device) => `"${device}"`).join(", ");
  const chance = percent < 100 ? `numgen random mod 100 < ${percent} ` : "";
  const chain = (hook: string, which: "iifname" | "oifname") =>
    `chain ${hook} { type filter hook ${hook} priority -300; ${which} { ${names} } ${chance}drop; }`;
  const chains = [
    ...(directions.includes("in") ? [chain("input", "iifname")] : []),
    ...(directions.includes("out") ? [chain("output", "oifname"), chain("forward", "oifname")] : []),
  ];
  const script = 'printf "%s\\n" "$1" | nft --file -';
  const rules = `table inet ${own} {\n${chains.join("\n")}\n}`;
  const undo = ["nft", "delete", "table", "inet", own];
  return withUndo(scope, node, ["sh", "-c", script, "sh", rules], undo);
}

/** How long what leaves a device waits, where the kernel can hold packets back for a time. */
const delayMs = 200;

/**
 * Where it cannot, a bucket of tokens that a few packets empty: what comes then waits until there are more, for a second at most.
 */
const slowly = "tbf rate 128kbit burst 2000 latency 1s";

/** Holds back what leaves a device until `scope` closes, by netem where the kernel has it, and else by a narrow wire. */
export async function delayOn(scope: Scope, node: ClusterNode, device: string): Promise<void> {
  // A device without a queue is given the length of one with the first discipline, and keeps it.
  const length = (await node.files.readText(`/sys/class/net/${device}/tx_queue_len`)).trim();
  const begin = `tc qdisc add dev "$1" root handle ${handle} netem delay ${delayMs}ms 2>/dev/null ||
    tc qdisc add dev "$1" root handle ${handle} ${slowly}`;
  const end = 'tc qdisc delete dev "$1" root; ip link set dev "$1" txqueuelen "$2"';
  const script = (text: string) => ["sh", "-ec", text, "sh", device, length];
  await withUndo(scope, node, script(begin), script(end));
}

/** Mends what a run that was killed had cut. */
export async function mendWires(host: Host): Promise<void> {
  await host.exec(["sh", "-c", mend]);
}
