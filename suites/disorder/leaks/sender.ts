import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { within } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Network } from "#harness/workload/network.ts";

/** What a sender sends, and to whom. */
export interface SenderSpec {
  readonly name: string;
  readonly group?: string | undefined;
  /** Of each IP packet: an echo request every millisecond to every target. */
  readonly bytes: number;
  /** IPv4 addresses. */
  readonly targets: readonly string[];
}

/** Something that sends from its first instruction, and does not end by itself. */
export interface Sender {
  /** Takes its network from it while it sends. */
  detach(): Promise<void>;
}

/** Of an IP packet that carries an echo request, beside its data. */
const headerBytes = 28;
const endMs = 60_000;

/** busybox has it as Debian has it, and so it runs in the container as on the node. Its first argument is the number of bytes of data. */
const send = `
size=$1
shift
sent=
for target; do ping -q -i 0.001 -s "$size" "$target" >/dev/null 2>&1 & sent="$sent $!"; done
`;
const asContainer = `${send}wait`;
/** Ends when its stdin does. */
const asCommand = `${send}cat >/dev/null; kill -KILL $sent`;

/** A container whose first process sends. It goes when `scope` closes. */
export async function startContainer(
  scope: Scope,
  network: Network,
  node: ClusterNode,
  { name, group, bytes, targets }: SenderSpec,
): Promise<Sender> {
  const workload = await network.run(scope, node, {
    ...{ name, command: ["/bin/sh", "-c", asContainer, "sh", String(bytes - headerBytes), ...targets] },
    ...(group === undefined ? {} : { group }),
  });
  return { detach: () => network.disconnect(workload) };
}

/**
 * A network namespace that plugins have attached through CNI, and in it, as soon as ADD has answered, a process that sends: as a runtime
 * starts containers. The process ends when `scope` closes.
 */
export async function startInNamespace(
  scope: Scope,
  network: Network,
  node: ClusterNode,
  { name, group, bytes, targets }: SenderSpec,
): Promise<Sender> {
  const workload = await network.run(scope, node, {
    ...{ name, bare: true },
    ...(group === undefined ? {} : { group }),
  });
  const argv = ["sh", "-c", asCommand, "sh", String(bytes - headerBytes), ...targets];
  const command = await node.spawn(["nsenter", `--net=${workload.netns}`, ...argv]);
  command.stdin.on("error", () => {});
  // It has ended once all that it says is read.
  command.stdout.resume();
  command.stderr.resume();
  scope.defer(`what sends in ${name}`, () => {
    command.stdin.end();
    return within({ what: `what sends in ${name} to end`, deadlineMs: endMs }, command.exit);
  });
  return { detach: () => network.disconnect(workload) };
}
