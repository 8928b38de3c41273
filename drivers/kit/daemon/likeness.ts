import { createHash } from "node:crypto";
import type { Host } from "#harness/host/host.ts";

declare module "#harness/core/async/events.ts" {
  interface Moments {
    /**
     * A daemon that runs, as on a kept cluster, was started from another program, other arguments or another environment, and is about to be
     * started anew.
     */
    "daemon changed": { node: Host; name: string };
  }
}

/** The content of each argument that is a file on the node, the program first. */
const hashFiles = 'for one in "$@"; do [ ! -f "$one" ] || sha256sum < "$one"; done';

/**
 * What a daemon is started from, as one line: the same for the same arguments, environment, and content of the files among the
 * arguments. `program` is its path on the node.
 */
export async function likenessOf(
  node: Pick<Host, "run">,
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const files = await node.run(["sh", "-c", hashFiles, "sh", program, ...argv.slice(1)]);
  const settings = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([argv, settings, files]))
    .digest("hex");
}
