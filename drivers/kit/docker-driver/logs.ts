import type { Scope } from "#harness/core/async/scope.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

/**
 * Makes logs on a node evidence of every failure: a link to each lies where evidence is collected, until `scope` closes. A log
 * need not be there yet. Throws `UsageError` for a path that is not absolute.
 */
export async function showLogs(
  scope: Scope,
  node: Host,
  name: string,
  paths: readonly string[],
): Promise<void> {
  const relative = paths.find((path) => !path.startsWith("/"));
  if (relative !== undefined)
    throw new UsageError(`the logs of ${name}: expected absolute paths, got ${relative}`);
  if (paths.length === 0) return;
  const folder = `/var/log/netconform-${name}-logs`;
  scope.defer(`${folder} on ${node.name}`, () => node.run(["rm", "-rf", folder]));
  await node.run(["mkdir", "--parents", folder]);
  for (const path of paths) {
    const link = `${folder}/${path
      .slice(1)
      .replaceAll("/", "-")
      .replace(/\.log$/, "")}.log`;
    await node.run(["ln", "--symbolic", "--force", path, link]);
  }
}
