import type { Cause } from "#harness/core/failure/cause.ts";
import type { Host } from "#harness/host/host.ts";

/** How long an engine waits until its swarm has attached a container; and between the end of that and the look at its log. */
const attachMs = 20_000;
const leewayMs = 2_000;
/** How long an engine that joins a network waits for another node; it says then that this was in vain. */
const joinMs = 30_000;

/** Why the swarm of an engine did not attach a container in time, as far as the engine tells. */
export const unattachedReasons = {
  dropped: {
    what: "was given a container to attach before its own address in that network, and dropped it",
    report: "https://github.com/moby/moby/issues/41841",
  },
  waits: {
    what: "joins a network for a container, and waits up to 30 s for an answer of another node",
    report: "https://github.com/moby/moby/issues/47396",
  },
} as const;

/** What a failure has beside what was refused. */
interface Explanation {
  readonly because: Cause;
  readonly evidence: string;
}

type UnattachedReason = (typeof unattachedReasons)[keyof typeof unattachedReasons];

/**
 * Prints the time of the node, the lines of the engine's log about attachments that it dropped, and `waits` where one of its goroutines joins a
 * network for a container and waits for another node. An engine writes its goroutines to a file when it is asked by SIGUSR1, and logs where
 * that is.
 */
const look = `
log=/var/log/dockerd.log
date -u '+now="%Y-%m-%dT%H:%M:%S.%NZ"'
grep --text 'failed to find a load balancer IP' "$log" | tail -n 50
before=$(grep --text -c 'goroutine stacks written to' "$log")
kill -USR1 "$(cat /run/docker.pid)" || exit 0
for look in $(seq 50); do
  [ "$(grep --text -c 'goroutine stacks written to' "$log")" -eq "$before" ] || break
  sleep 0.1
done
file=$(grep --text -o 'goroutine stacks written to [^" ]*' "$log" | tail -n 1 | cut -d ' ' -f 5)
[ -f "$file" ] || exit 0
awk 'BEGIN { RS = "" } /networkAttacherController/ && /JoinNetwork/ && /bulkSyncNode/ { print "waits"; exit }' "$file"
rm -f -- "$file"
`;

/** Prints the lines of the engine's log about containers that it did not attach, attachments that it dropped, and waits that were in vain. */
const lookBack = `
grep --text -E 'attaching to network failed|failed to find a load balancer IP|Bulk sync to node .* timed out' /var/log/dockerd.log |
  tail -n 200
`;

/** Whether an engine refuses a container since its swarm has not attached it in time. */
export function isUnattached(said: string): boolean {
  return /attaching to network failed, .*: context deadline exceeded/.test(said);
}

/** What `look` printed right after the refusal, as a reason. `undefined` where it tells none. Pure. */
export function readUnattached(printed: string): UnattachedReason | undefined {
  const lines = printed.split("\n");
  if (wasDropped(lines, timeOf(/^now="([^"]+)"/, lines[0]))) return unattachedReasons.dropped;
  return lines.includes("waits") ? unattachedReasons.waits : undefined;
}

/**
 * What `lookBack` printed, as the reason why an engine could not start that container by itself; some time after it, when a wait that was in
 * vain is over. `undefined` where it tells none. Pure.
 */
export function readUnattachedStart(printed: string, id: string): UnattachedReason | undefined {
  const lines = printed.split("\n");
  const refusal = lines.findLast((line) => isUnattached(line) && line.includes(id));
  const refused = timeOf(lineTime, refusal);
  if (wasDropped(lines, refused)) return unattachedReasons.dropped;
  const waited = lines.some((line) => {
    const laterMs = timeOf(lineTime, line) - refused;
    return /msg="Bulk sync to node \w+ timed out"/.test(line) && laterMs >= 0 && laterMs <= joinMs + leewayMs;
  });
  return waited ? unattachedReasons.waits : undefined;
}

/** Whether something was dropped while a container waited that was refused then. */
function wasDropped(lines: readonly string[], refused: number): boolean {
  return lines.some((line) => {
    const agoMs = refused - timeOf(lineTime, line);
    // The line has the network by its id, which an engine that is not in it does not know.
    return (
      /msg="fatal task error" error="failed to find a load balancer IP/.test(line) &&
      agoMs >= 0 &&
      agoMs <= attachMs + leewayMs
    );
  });
}

const lineTime = /^time="([^"]+)"/;

/** NaN where the line has none. */
function timeOf(pattern: RegExp, line = ""): number {
  return Date.parse(pattern.exec(line)?.[1] ?? "");
}

/**
 * For an engine that has just refused a container since its swarm has not attached it in time: why, as a cause and its evidence.
 * `undefined` for anything else that it says, and where nothing tells why.
 */
export async function explainUnattached(
  node: Pick<Host, "name" | "exec">,
  said: string,
): Promise<Explanation | undefined> {
  if (!isUnattached(said)) return undefined;
  // The refusal is what counts, also on a node that tells nothing more.
  const told = await node.exec(["sh", "-c", look], { deadlineMs: 10_000 }).catch(() => undefined);
  const reason = readUnattached(told?.stdout ?? "");
  return reason && tellUnattached(node.name, reason);
}

/** As `explainUnattached`, for a container that an engine could not start by itself, as after its own start, and `said` why. */
export async function explainUnattachedStart(
  node: Pick<Host, "name" | "exec">,
  { id, said }: { id: string; said: string },
): Promise<Explanation | undefined> {
  if (!isUnattached(said)) return undefined;
  const told = await node.exec(["sh", "-c", lookBack], { deadlineMs: 10_000 }).catch(() => undefined);
  const reason = readUnattachedStart(told?.stdout ?? "", id);
  return reason && tellUnattached(node.name, reason);
}

/** A reason as the cause and the evidence of a refusal. */
export function tellUnattached(node: string, { what, report }: UnattachedReason): Explanation {
  const told = `the engine of ${node} ${what}`;
  return { because: { kind: "not attached", what: told }, evidence: `  ${told}\n    (${report})` };
}
