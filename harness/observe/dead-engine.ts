import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { HarnessError, messageOf } from "#harness/core/errors.ts";

/** An engine that ended without being told to. */
export interface DeadEngine {
  readonly node: string;
  /** Absent where systemd has started it again, and its journal has no last words of it. */
  readonly pid?: number;
  /** The first line of its panic; absent where its log has none since its last start. */
  readonly panic?: string;
}

/** Each node's engine at one moment, where systemd runs it: its pid, where the journal was, and the length of its log, by the node's name. */
export type EngineMarks = ReadonlyMap<string, string>;

/** Of a shell: whether systemd runs the engine. */
const bySystemd = "[ -d /run/systemd/system ] && systemctl cat docker.service >/dev/null 2>&1";

const markScript = `
${bySystemd} || exit 0
systemctl show docker.service --property=MainPID --value
echo "$(journalctl --lines=0 --show-cursor | sed -n 's/^-- cursor: //p')"
stat --format=%s /var/log/dockerd.log 2>/dev/null || echo 0
`;

const words = "(panic|fatal error|SIG[A-Z]+|unexpected fault address)[: ]";

/**
 * Prints the pid and the panic of an engine that has died. One that is told to end removes its pid file, and one that dies leaves it, unless
 * systemd has started it again, which counts those starts: one without last words was killed then, as tests do, and is not told. Of the log
 * what came after the engine's last start counts, and where systemd runs it what came after the mark, of which `$1` to `$3` are the parts.
 */
const script = `
pid=$(cat /run/docker.pid 2>/dev/null)
[ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ] || pid=
if [ -n "$2" ]; then
  eval "$(systemctl show docker.service --property=MainPID,NRestarts)"
  [ -n "$pid" ] || [ "$NRestarts" -eq 0 ] || [ "$MainPID" = "$1" ] || pid=unknown
  [ -n "$pid" ] || exit 0
  {
    tail --bytes=+"$(($3 + 1))" /var/log/dockerd.log 2>/dev/null
    journalctl --unit=docker.service --after-cursor="$2" --output=short --no-pager
  } | awk -v pid="$pid" '
    /^${words}/ { panic = $0 }
    at = index($0, " dockerd[") {
      said = substr($0, at + 9)
      its = said + 0
      sub(/^[0-9]+]: /, "", said)
      if (said ~ /^${words}/) { pid = its; panic = said }
    }
    END { if (pid != "unknown" || panic != "") { print pid; print panic } }
  '
  exit
fi
[ -n "$pid" ] || exit 0
echo "$pid"
awk '
  /msg="Starting up"/ { panic = "" }
  /^${words}/ { panic = $0 }
  END { print panic }
' /var/log/dockerd.log 2>/dev/null
`;
const deadlineMs = 8_000;

/** Marks the engines of nodes, so that one that dies and is started again can be told. Of a node that cannot be asked nothing is known. */
export async function markEngines(nodes: readonly ClusterNode[]): Promise<EngineMarks> {
  const told = await Promise.all(
    nodes.map(async (node) => {
      const asked = await node.exec(["sh", "-c", markScript], { deadlineMs }).catch(() => undefined);
      return [node.name, asked?.stdout.trim() ?? ""] as const;
    }),
  );
  return new Map(told);
}

/** Those engines of the nodes that have died, of those that systemd runs since they were marked. A node that cannot be asked tells nothing. */
export async function deadEngines(
  nodes: readonly ClusterNode[],
  marks: EngineMarks = new Map(),
): Promise<DeadEngine[]> {
  const asked = await Promise.all(
    nodes.map(async (node) => {
      const mark = (marks.get(node.name) ?? "").split("\n");
      const argv = ["sh", "-c", script, "sh", ...mark];
      const told = await node.exec(argv, { deadlineMs }).catch(() => undefined);
      const [pid = "", ...words] = (told?.stdout ?? "").trim().split("\n");
      if (pid === "") return [];
      const panic = words.join(" ").trim();
      const known = pid === "unknown" ? {} : { pid: Number(pid) };
      return [{ node: node.name, ...known, ...(panic === "" ? {} : { panic }) }];
    }),
  );
  return asked.flat();
}

/**
 * What a test ended with, where engines have died meanwhile: then nobody can tell what the plugin did, and the engine's end is what
 * is told. Resolves to `error` itself where all engines run, or were told to end.
 */
export async function blameEngines(
  error: unknown,
  nodes: readonly ClusterNode[],
  marks?: EngineMarks,
): Promise<unknown> {
  const dead = await deadEngines(nodes, marks);
  if (dead.length === 0) return error;
  const what = dead
    .map(
      ({ node, pid, panic = "none in its log" }) =>
        `the engine of ${node}${pid === undefined ? "" : ` (pid ${pid})`} died; its last words: ${panic}`,
    )
    .join("; ");
  const then = messageOf(error);
  return new HarnessError(`${what}\n  What failed then: ${then}`, {
    cause: error,
    because: { kind: "engine died", what },
  });
}
