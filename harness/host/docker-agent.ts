import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";

/**
 * An http agent whose connections are streams from `connect`, e.g. sockets forwarded over SSH.
 * Those are plain duplexes; http also calls socket methods on them that mean nothing here.
 */
export function socketAgent(connect: () => Promise<Duplex>): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });
  Object.assign(agent, {
    createConnection(_options: ClientRequestArgs, done: (error: Error | null, stream?: Duplex) => void) {
      connect().then(
        (stream) => done(null, asSocket(stream)),
        (error: Error) => done(error),
      );
    },
  });
  return agent;
}

function asSocket(stream: Duplex): Duplex {
  const itself = () => stream;
  // A socket closes when its peer has; a forwarded channel stays half open, and the agent would use it again.
  stream.once("end", () => stream.destroy());
  return Object.assign(stream, {
    setTimeout: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
  });
}
