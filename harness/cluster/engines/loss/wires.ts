import { randomBytes } from "node:crypto";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";

/** Every table of ours is called so, and something that is its own. */
const table = "netconform_lost";
/** Of the queueing disciplines that are ours; others have smaller ones by themselves. */
const handle = "4e43:";

/** The length of the queue that a device had before it was given ours; after that its name. */
const lengths = "/run/netconform-queue-length-";

/** Takes the tables away of a run that was killed, and its queueing disciplines with what they changed. */
const mend = `
nft list tables | awk '$3 ~ /^${table}/ { print $2, $3 }' |
  while read -r family name; do nft delete table "$family" "$name"; done
tc qdisc show | awk '$3 == "${handle}" { print $5 }' | while read -r device; do tc qdisc delete dev "$device" root; done
for file in ${lengths}*; do
  [ -f "$file" ] || continue
  ip link set dev "\${file#${lengths}}" txqueuelen "$(cat "$file")"
  rm -f "$file"
done`;

/** Devices that lead to the other nodes. Throws `Blocked` where the harness comes that way itself. */
export function wiresOf({ name, interfaces: { management, control, data } }: ClusterNode): string[] {
  const devices = [...new Set([control.device, data.device])];
  if (!devices.includes(management.device)) return devices;
  throw new Blocked(`${name}: ${management.device} carries the harness's own connection as well`);
}

/** Drops whatever comes from the devices or goes to them, until `scope` closes. */
export function cutWires(scope: Scope, node: ClusterNode, devices: readonly string[]): Promise<Drops> {
  return dropOn(scope, node, devices, { percent: 100, directions: ["in", "out"] });
}

/** Which packets are dropped, as the node sees them. */
export interface Dropping {
  /** Of a hundred, each by chance. */
  readonly percent: number;
  readonly directions: readonly ("in" | "out")[];
}

/** Packets that are being dropped. */
export interface Drops {
  /** Why some packets get by all the same; absent where none can. */
  readonly leaky?: string;
  /** How many were dropped so far. */
  count(): Promise<number>;
}

/**
 * Drops of what comes from the devices or goes to them, until `scope` closes. It is done at the devices themselves: what a macvlan device, a
 * bridge or a tunnel on them sends and gets never comes by the hooks of IP. Where the kernel has no hook for what leaves a device
 * (before Linux 5.16), that is dropped where the node sends and forwards IP.
 */
export async function dropOn(
  scope: Scope,
  node: ClusterNode,
  devices: readonly string[],
  dropping: Dropping,
): Promise<Drops> {
  const own = `${table}_${randomBytes(3).toString("hex")}`;
  const nft = (rules: string, ...options: string[]) => [
    ...["sh", "-c", 'rules=$1; shift; printf "%s\\n" "$rules" | nft "$@" --file -', "sh", rules],
    ...options,
  ];
  const atDevices = tableAtDevices(own, devices, dropping);
  const { code, stderr } = await node.exec(nft(atDevices, "--check"));
  const { directions } = dropping;
  const tables =
    code === 0
      ? [{ family: "netdev", rules: atDevices }]
      : [
          {
            family: "netdev",
            rules: tableAtDevices(own, devices, {
              ...dropping,
              directions: directions.filter((direction) => direction === "in"),
            }),
          },
          ...(directions.includes("out")
            ? [{ family: "inet", rules: tableInIp(own, devices, dropping) }]
            : []),
        ];
  const each = (verb: string) => tables.map(({ family }) => `nft ${verb} table ${family} ${own}`).join("; ");
  const rules = tables.map((one) => one.rules).join("\n");
  await withUndo(scope, node, nft(rules), ["sh", "-ec", each("delete")]);
  const leaks = [
    ...(code !== 0 && directions.includes("out")
      ? [`nothing can be dropped as it leaves a device: ${firstLineOf(stderr)}`]
      : []),
    ...(directions.includes("in") ? await readersBefore(node, devices) : []),
  ];
  return {
    ...(leaks.length > 0 ? { leaky: leaks.join("; ") } : {}),
    count: async () => countedIn(await node.run(["sh", "-ec", each("list")])),
  };
}

/** A switch in userspace reads what comes from a device by a packet socket, which the kernel serves before any of its hooks. */
async function readersBefore(node: ClusterNode, devices: readonly string[]): Promise<string[]> {
  const listed = readDevices(await node.files.readText("/proc/net/packet"));
  const indices = devices.map((device) => node.files.readText(`/sys/class/net/${device}/ifindex`));
  const read = (await Promise.all(indices)).map((index) => listed.has(Number(index)));
  return devices
    .filter((_, position) => read[position])
    .map((device) => `a packet socket reads what comes from ${device} before it can be dropped`);
}

/** Indices of the devices of which packet sockets read everything, of what `/proc/net/packet` says. */
export function readDevices(listed: string): Set<number> {
  const everything = "0003";
  const rows = listed.split("\n").map((line) => line.trim().split(/\s+/));
  return new Set(
    rows.filter(([, , , protocol]) => protocol === everything).map(([, , , , index]) => Number(index)),
  );
}

function tableAtDevices(own: string, devices: readonly string[], { percent, directions }: Dropping): string {
  const hooks = { in: "ingress", out: "egress" } as const;
  const chains = directions.flatMap((direction) =>
    devices.map((device, index) => {
      const hook = `type filter hook ${hooks[direction]} device "${device}" priority -300`;
      return `chain ${direction}${index} { ${hook}; ${chance(percent)}counter drop; }`;
    }),
  );
  return `table netdev ${own} {\n${chains.join("\n")}\n}`;
}

function tableInIp(own: string, devices: readonly string[], { percent }: Dropping): string {
  const names = devices.map((device) => `"${device}"`).join(", ");
  const chains = ["output", "forward"].map((hook) => {
    const drop = `oifname { ${names} } ${chance(percent)}counter drop`;
    return `chain ${hook} { type filter hook ${hook} priority -300; ${drop}; }`;
  });
  return `table inet ${own} {\n${chains.join("\n")}\n}`;
}

function chance(percent: number): string {
  return percent < 100 ? `numgen random mod 100 < ${percent} ` : "";
}

/** Packets that all rules counted of what `nft list table` says. */
export function countedIn(listed: string): number {
  const counts = [...listed.matchAll(/counter packets (\d+)/g)];
  return counts.reduce((sum, [, packets]) => sum + Number(packets), 0);
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
  const begin = `echo "$2" > "${lengths}$1"
    tc qdisc add dev "$1" root handle ${handle} netem delay ${delayMs}ms 2>/dev/null ||
    tc qdisc add dev "$1" root handle ${handle} ${slowly}`;
  const end = `tc qdisc delete dev "$1" root; ip link set dev "$1" txqueuelen "$2"; rm -f "${lengths}$1"`;
  const script = (text: string) => ["sh", "-ec", text, "sh", device, length];
  await withUndo(scope, node, script(begin), script(end));
}

/** Mends what a run that was killed had cut. */
export async function mendWires(host: Host): Promise<void> {
  await host.exec(["sh", "-c", mend]);
}
