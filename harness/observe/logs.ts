import type { ClusterNode } from "#harness/cluster/cluster.ts";

/** How long the logs of each node were at one moment: `SIZE PATH` in each line, by the name of the node. */
export type LogSizes = ReadonlyMap<string, string>;

/** What the engine's log is called in evidence. */
export const engineLog = "engine log";

/** Logs of the engine, of plugins and of Open vSwitch on a node, by what they are called in evidence. */
const places = {
  [engineLog]: "/var/log/dockerd.log",
  "plugin logs": "/var/log/netconform-*/*.log",
  "Open vSwitch's logs": "/var/log/openvswitch/*.log",
} as const;

/** What logs are called in evidence. */
export const logsOf: readonly string[] = Object.keys(places);

const deadlineMs = 8_000;
/** Lines of a log that are told at least, and at most. */
const [fewest, most] = [200, 5_000];

/** How long the logs are now. Of a node that cannot be asked nothing is known. */
export async function readLogSizes(nodes: readonly ClusterNode[]): Promise<LogSizes> {
  const script = `stat --format '%s %n' ${Object.values(places).join(" ")} 2>/dev/null; true`;
  const told = await Promise.all(
    nodes.map(async (node) => {
      const asked = await node.exec(["sh", "-c", script], { deadlineMs }).catch(() => undefined);
      return [node.name, asked?.stdout ?? ""] as const;
    }),
  );
  return new Map(told);
}

/**
 * Commands that print the logs of a node from when they were that long, by their names: at least the last 200 lines of each, and no more than
 * 5000. One that was not there then, or has become shorter, is new.
 */
export function looksAtLogs(sizes: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(places).map(([name, files]) => [name, ["sh", "-c", printer, "sh", sizes.trim(), files]]),
  );
}

/** Prints the logs that match `$2`, of which `$1` has the sizes. One that is not there hides no other. */
const printer = `
for log in $2; do
  [ -f "$log" ] || continue
  before=$(printf '%s\\n' "$1" | awk -v path="$log" '$2 == path { print $1 }')
  [ "\${before:-0}" -le "$(stat --format %s "$log")" ] || before=0
  lines=$(tail --bytes=+$((\${before:-0} + 1)) "$log" | wc -l)
  [ "$lines" -ge ${fewest} ] || lines=${fewest}
  [ "$lines" -le ${most} ] || lines=${most}
  echo "==> $log <=="
  tail --lines="$lines" "$log"
done
`;
