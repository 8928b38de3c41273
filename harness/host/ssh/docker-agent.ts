import { Agent, type ClientRequest, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import { inspect } from "node:util";
import { HarnessError } from "#harness/core/errors.ts";

/** What http calls on an agent, which its types leave out. */
interface RequestingAgent extends Agent {
  addRequest(request: ClientRequest, options: ClientRequestArgs): void;
}

/**
 * An http agent whose connections are streams from `connect`, e.g. sockets forwarded over SSH.
 * Those are plain duplexes; http also calls socket methods on them that mean nothing here.
 */
export function socketAgent(connect: () => Promise<Duplex>): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 8 }) as RequestingAgent;
  Object.assign(agent, {
    // Dockerode puts every request into words for its log, with all that hangs on the agent, also where nobody reads it.
    [inspect.custom]: () => "an agent of streams",
    createConnection(_options: ClientRequestArgs, done: (error: Error | null, stream?: Duplex) => void) {
      connect().then(
        (stream) => done(null, asSocket(stream)),
        (error: Error) => done(error),
      );
    },
  });
  const addRequest = agent.addRequest.bind(agent);
  agent.addRequest = (request, options) => {
    // Dockerode waits without end for the rest of an answer that broke off, but listens to errors of the
    // request.
    request.once("response", (response) => {
      response.once("aborted", () => {
        const what = `${request.method} ${request.path}`;
        request.emit(
          "error",
          new HarnessError(`the engine broke off its answer to ${what}: it ended, or its host did`),
        );
      });
    });
    // An engine that is told to end waits five seconds for a connection over which it was given a body (seen on 26.1).
    if (request.method !== "GET") request.shouldKeepAlive = false;
    addRequest(request, options);
  };
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
