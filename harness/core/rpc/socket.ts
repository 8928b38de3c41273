import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { type CallOptions, type ClientOptions, RpcClient } from "./client.ts";
import { bothHalves, type GivenTo, type MethodsOf, type ResultOf } from "./messages.ts";
import { type Handlers, serveRpc } from "./server.ts";

/** Methods that are served on a unix socket. */
export interface ServedSocket {
  /** Cuts off what is under way, and removes the socket. */
  close(): void;
  /** Lets the process end while the socket is served. */
  unref(): void;
}

/** Serves methods on a unix socket of this machine; one that a process that was killed has left there is replaced. */
export async function serveSocket<M extends MethodsOf<M>>(
  path: string,
  methods: Handlers<M>,
): Promise<ServedSocket> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    serveRpc(bothHalves(socket), methods);
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    close: () => {
      server.close();
      for (const socket of connections) socket.destroy();
      rmSync(path, { force: true });
    },
    unref: () => server.unref(),
  };
}

/**
 * One call to the server of a unix socket of this machine, over a connection of its own. Throws `RpcError` when
 * the method failed; what `lost` makes of the reason when nobody answers, or no more.
 */
export async function callSocket<M extends MethodsOf<M>, Name extends keyof M & string>(
  path: string,
  name: Name,
  given: GivenTo<M, Name>,
  options: CallOptions & Required<Pick<ClientOptions, "lost">>,
): Promise<ResultOf<M, Name>> {
  const socket = connect(path);
  try {
    const client = new RpcClient<M>(bothHalves(socket), { peer: path, lost: options.lost });
    return await client.call(name, given, options);
  } finally {
    socket.destroy();
  }
}
