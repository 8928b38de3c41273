import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { within } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Network } from "#harness/workload/network.ts";

/** What runs from the first instruction of a container on. */
export interface FirstProcess {
  readonly name: string;
  readonly group?: string | undefined;
  /** For a shell that is busybox's or Debian's. It leaves in `$started` the ids of what it has started, and goes on at once. */
  readonly script: string;
  readonly args: readonly string[];
}

/** Something that runs, and does not end by itself. */
export interface Running {
  /** Takes its network from it while it runs. */
  detach(): Promise<void>;
}

const endMs = 60_000;

/** A container with that first process. It goes when `scope` closes. */
export async function startContainer(
  scope: Scope,
  network: Network,
  node: ClusterNode,
  { name, group, script, args }: FirstProcess,
): Promise<Running> {
  const workload = await network.run(scope, node, {
    ...{ name, command: ["/bin/sh", "-c", `${script}wait`, "sh", ...args] },
    ...(group === undefined ? {} : { group }),
  });
  return { detach: () => network.disconnect(workload) };
}

/**
 * A network namespace that plugins have attached through CNI, and in it, as soon as ADD has answered, that process: as a runtime
 * starts containers. The process ends when `scope` closes.
 */
export async function startInNamespace(
  scope: Scope,
  network: Network,
  node: ClusterNode,
  { name, group, script, args }: FirstProcess,
): Promise<Running> {
  const workload = await network.run(scope, node, {
    ...{ name, bare: true },
    ...(group === undefined ? {} : { group }),
  });
  // Ends when its stdin does.
  const argv = ["sh", "-c", `${script}cat >/dev/null; kill -KILL $started`, "sh", ...args];
  const command = await node.spawn(["nsenter", `--net=${workload.netns}`, ...argv]);
  command.stdin.on("error", () => {});
  // It has ended once all that it says is read.
  command.stdout.resume();
  command.stderr.resume();
  scope.defer(`what runs in ${name}`, () => {
    command.stdin.end();
    return within({ what: `what runs in ${name} to end`, deadlineMs: endMs }, command.exit);
  });
  return { detach: () => network.disconnect(workload) };
}
