import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Waits until something on the node, in whatever namespace, listens on the TCP port; `false` when nothing did within the time, or the
 * command has ended before.
 */
export async function listens(
  node: ClusterNode,
  port: number,
  terminal: Terminal,
  deadlineMs: number,
): Promise<boolean> {
  const state = `:${port.toString(16).toUpperCase().padStart(4, "0")} [0-9A-F]*:0000 0A `;
  try {
    return await until({ what: `a listener on port ${port}`, deadlineMs }, async () => {
      if (terminal.prompt) return "ended";
      const found = await node.exec([
        "sh",
        "-c",
        `cat /proc/[0-9]*/net/tcp /proc/[0-9]*/net/tcp6 2>/dev/null | grep -q "$1"`,
        "sh",
        state,
      ]);
      return found.code === 0 && "listens";
    }).then((seen) => seen === "listens");
  } catch (error) {
    if (error instanceof DeadlineExceeded) return false;
    throw error;
  }
}
