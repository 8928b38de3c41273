import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import type { Cause } from "#harness/core/failure/cause.ts";
import type { Host } from "#harness/host/host.ts";

/** How long an engine waits until its swarm has attached a container, and until another node answers it when it joins a network. */
const [attachMs, joinMs] = [20_000, 30_000];
/** Between an event and its line in the log. */
const leewayMs = 2_000;

/**
 * What an engine's log has of an attachment that its swarm did not make in time, and what each line says of the engine. It is the
 * engine that is told of, whichever container it was: the log names none.
 */
export const unattachedReasons = [
  {
    line: /msg="fatal task error" error="failed to find a load balancer IP to use for network/i,
    what: "was given a container to attach before its own address in that network, and dropped it",
    report: "https://github.com/moby/moby/issues/41841",
    // The task is dropped while the container waits for it.
    after: { fromMs: -attachMs - leewayMs, toMs: leewayMs },
  },
  {
    line: /msg="Bulk sync to node \w+ timed out"/,
    what: "joined that network, and no answer of another node arrived in 30 s",
    report: "https://github.com/moby/moby/issues/47396, until 29.6",
    // A join that began while the container waited for it gives up when that has been refused.
    after: { fromMs: joinMs - attachMs - leewayMs, toMs: joinMs + leewayMs },
  },
] as const;

const refusal = /returned error: attaching to network failed, /;
const script = `grep --text -iE 'attaching to network failed|load balancer IP|Bulk sync to node' /var/log/dockerd.log | tail -200`;

/** Whether an engine refuses a container since its swarm has not attached it in time. */
export function isUnattached(said: string): boolean {
  return /attaching to network failed, .*: context deadline exceeded/.test(said);
}

/**
 * Why a swarm did not attach the container that an engine refused last, of the lines of that engine's log. `undefined` where they do not
 * tell. Pure.
 */
export function readUnattached(log: string): { what: string; report: string } | undefined {
  const lines = log.split("\n");
  const refusedAt = timeOf(lines.findLast((line) => refusal.test(line)));
  return unattachedReasons.find(({ line, after }) =>
    lines.some((one) => {
      const laterMs = timeOf(one) - refusedAt;
      return line.test(one) && laterMs >= after.fromMs && laterMs <= after.toMs;
    }),
  );
}

/** NaN where the line has none. */
function timeOf(line = ""): number {
  return Date.parse(/^time="([^"]+)"/.exec(line)?.[1] ?? "");
}

/**
 * For an engine that refuses a container since its swarm has not attached it in time: what its log says of that, as a cause and its
 * evidence; one of the reasons shows in the log up to half a minute later. `undefined` for anything else, and where the log tells nothing.
 */
export async function explainUnattached(
  node: Pick<Host, "name" | "exec">,
  said: string,
): Promise<ReturnType<typeof tellUnattached> | undefined> {
  if (!isUnattached(said)) return undefined;
  const what = `${node.name} to log why its swarm attached no container`;
  try {
    const found = await until({ what, deadlineMs: joinMs + leewayMs, everyMs: 500 }, async () => {
      const { stdout } = await node.exec(["sh", "-c", script], { deadlineMs: 8_000 });
      return readUnattached(stdout);
    });
    return tellUnattached(node.name, found);
  } catch (error) {
    if (error instanceof DeadlineExceeded) return undefined;
    throw error;
  }
}

/** A reason as the cause and the evidence of a refusal. */
export function tellUnattached(
  node: string,
  { what, report }: { what: string; report: string },
): { because: Cause; evidence: string } {
  const told = `the engine of ${node} ${what}`;
  return {
    because: { kind: "not attached", what: told },
    evidence: `  by its log, ${told}\n    (${report})`,
  };
}
