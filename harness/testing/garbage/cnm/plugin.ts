import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageReader, pathOf } from "#harness/cnm/protocol/message.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { bytesOf, type Garbage } from "./answers.ts";
import { honestAnswer } from "./honest.ts";

/** A plugin whose answers to one call are malformed. */
export interface GarbagePlugin {
  readonly path: string;
  /** From now on this is wrong; nothing where `undefined`. */
  garbage: Garbage | undefined;
}

/** Serves a CNM plugin on a unix socket, one answer a connection, which it ends then. Closes with `scope`. */
export async function serveGarbage(scope: Scope): Promise<GarbagePlugin> {
  const folder = mkdtempSync(join(tmpdir(), "netconform-garbage-"));
  scope.defer("the plugin's folder", () => rmSync(folder, { recursive: true, force: true }));
  const plugin: GarbagePlugin = { path: join(folder, "plugin.sock"), garbage: undefined };
  const server = createServer((socket) => {
    const reader = new MessageReader("request");
    // A client hangs up on what it does not understand.
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const [request] = reader.push(chunk);
      if (!request) return;
      const call = pathOf(request);
      const { garbage } = plugin;
      const honest = honestAnswer(call, JSON.parse(request.body.toString() || "{}"));
      socket.end(bytesOf(garbage?.call === call ? garbage.wrong : undefined, honest));
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(plugin.path, resolve));
  scope.defer("the plugin", () => new Promise<void>((resolve) => server.close(() => resolve())));
  return plugin;
}
