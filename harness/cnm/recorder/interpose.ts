import type { Scope } from "#harness/core/async/scope.ts";
import type { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { RecordingProxy } from "./proxy.ts";

/** What is needed of a node: a socket of its own that we can reach, and one of ours that it can. */
export type ProxyNode = Pick<SshHost, "name" | "exec" | "run" | "connectSocket" | "forwardIn">;

/** Where a plugin's socket is while a proxy is interposed before it. */
export function movedSocket(socket: string): string {
  return `${socket}.behind-proxy`;
}

/**
 * Puts a recording proxy between a node's engine and the plugin that listens there at `socket`, e.g.
 * `/run/docker/plugins/NAME.sock`, without touching either: the plugin's socket is renamed, which keeps it open, and one that
 * leads here takes its place. `scope` puts it back. Connections that the engine has open already stay with the plugin,
 * so interpose before the engine first uses it. Not for a socket that this process serves through the same
 * node's connection: there, put a `RecordingProxy` before the server. Throws `CommandFailed` when there is no
 * such socket.
 */
export async function interpose(
  scope: Scope,
  node: ProxyNode,
  socket: string,
  options: { transcript?: string } = {},
): Promise<RecordingProxy> {
  const moved = movedSocket(socket);
  const name = (socket.split("/").at(-1) ?? socket).replace(/\.sock$/, "");
  await node.run(["test", "-S", socket]);
  await withUndo(scope, node, ["mv", socket, moved], ["mv", moved, socket]);
  const proxy = new RecordingProxy(
    scope,
    { name, address: `${node.name}:${socket}`, connect: () => node.connectSocket(moved) },
    options,
  );
  const forward = await node.forwardIn(socket, (stream) => proxy.handle(stream, node.name));
  scope.defer(`the proxy's socket ${socket} on ${node.name}`, () => forward.close());
  return proxy;
}
