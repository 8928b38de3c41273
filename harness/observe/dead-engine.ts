import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { HarnessError } from "#harness/core/errors.ts";

/** An engine that ended without being told to. */
export interface DeadEngine {
  readonly node: string;
  readonly pid: number;
  /** The first line of its panic; absent where its log has none since its last start. */
  readonly panic?: string;
}

/**
 * An engine that is told to end removes its pid file, and one that dies leaves it. Prints the pid and the panic of one that has died; of
 * its log only what came after its last start counts.
 */
const script = `
pid=$(cat /run/docker.pid 2>/dev/null) || exit 0
[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ] || exit 0
echo "$pid"
awk '
  /msg="Starting up"/ { panic = "" }
  /^(panic|fatal error|SIG[A-Z]+|unexpected fault address)[: ]/ { panic = $0 }
  END { print panic }
' /var/log/dockerd.log 2>/dev/null
`;
const deadlineMs = 8_000;

/** Those engines of the nodes that have died. A node that cannot be asked tells nothing. */
export async function deadEngines(nodes: readonly ClusterNode[]): Promise<DeadEngine[]> {
  const asked = await Promise.all(
    nodes.map(async (node) => {
      const told = await node.exec(["sh", "-c", script], { deadlineMs }).catch(() => undefined);
      const [pid = "", ...words] = (told?.stdout ?? "").trim().split("\n");
      if (pid === "") return [];
      const panic = words.join(" ").trim();
      return [{ node: node.name, pid: Number(pid), ...(panic === "" ? {} : { panic }) }];
    }),
  );
  return asked.flat();
}

/**
 * What a test ended with, where engines have died meanwhile: then nobody can tell what the plugin did, and the engine's end is what
 * is told. Resolves to `error` itself where all engines run, or were told to end.
 */
export async function blameEngines(error: unknown, nodes: readonly ClusterNode[]): Promise<unknown> {
  const dead = await deadEngines(nodes);
  if (dead.length === 0) return error;
  const what = dead
    .map(
      ({ node, pid, panic = "none in its log" }) =>
        `the engine of ${node} (pid ${pid}) died; its last words: ${panic}`,
    )
    .join("; ");
  const then = error instanceof Error ? error.message : String(error);
  return new HarnessError(`${what}\n  What failed then: ${then}`, {
    cause: error,
    because: { kind: "engine died", what },
  });
}
