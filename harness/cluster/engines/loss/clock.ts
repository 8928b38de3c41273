import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { withUndo } from "#harness/host/with-undo.ts";

const aheadSeconds = 3_600;
/** What a busy machine may take for a few commands. */
const toleranceSeconds = 600;
const bootId = "/proc/sys/kernel/random/boot_id";

/** When a node was started, by the clock that it had before it jumped, in seconds since the epoch. A node that is restarted has no such file. */
const startedFile = "/run/netconform-clock-started";
/** Sets the clock right, and only then forgets that it was not. */
const back = `date --set "@$(($(cut -d . -f 1 /proc/uptime) + $(cat ${startedFile})))" && rm -f ${startedFile}`;

/**
 * Throws `Blocked` where the clock of the node is that of this machine, or of another node: a kernel has one, and a container none of its own.
 * A time namespace has clocks that count from the start, and not that of the day (time_namespaces(7)).
 */
export async function refuseSharedClock(node: ClusterNode, others: readonly ClusterNode[]): Promise<void> {
  const hosts = [{ name: "this machine", files: new LocalHost().files }, ...others];
  const own = await node.files.readText(bootId);
  for (const { name, files } of hosts) {
    if ((await files.readText(bootId)) !== own) continue;
    throw new Blocked(`the clock of ${node.name} is that of ${name}: they have one kernel`);
  }
}

/** Sets the clock of a node an hour ahead until `scope` closes, when it is as if it had never jumped. */
export async function jumpAhead(scope: Scope, node: ClusterNode): Promise<void> {
  const { now, up } = await clockOf(node);
  const jump = `echo "$1" > ${startedFile} && date --set "@$2"`;
  const argv = ["sh", "-c", jump, "sh", String(now - up), String(now + aheadSeconds)];
  await withUndo(scope, node, argv, ["sh", "-c", back]);
  const after = await clockOf(node);
  const jumped = after.now - after.up - (now - up);
  if (Math.abs(jumped - aheadSeconds) < toleranceSeconds) return;
  throw new HarnessError(`the clock of ${node.name} did not jump an hour, but ${jumped} s`);
}

/** Sets a clock right that a run which was killed had set ahead. */
export async function mendClock(host: Host): Promise<void> {
  await host.exec(["sh", "-c", `[ ! -f ${startedFile} ] || { ${back}; }`]);
}

/** Whole seconds: since the epoch, and since the node was started, which no clock that is set changes. */
async function clockOf(node: ClusterNode): Promise<{ now: number; up: number }> {
  const told = await node.run(["sh", "-c", "date +%s; cut -d . -f 1 /proc/uptime"]);
  const [now = Number.NaN, up = Number.NaN] = told.trim().split("\n").map(Number);
  return { now, up };
}
