import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { z } from "zod";
import {
  type CallName,
  calls,
  failureKey,
  isCallName,
  mediaType,
  type RequestOf,
} from "#harness/cnm/protocol/protocol.ts";
import { messageOf } from "#harness/core/errors.ts";

type Answer<Name extends CallName> = z.input<(typeof calls)[Name]["response"]>;

/** What the plugin does for each call. A handler that throws makes an answer under `Err` or `Error`. */
export type Handlers = {
  readonly [Name in CallName]: (request: z.output<(typeof calls)[Name]["request"]>) => Promise<Answer<Name>>;
};

/** An answer on the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** The steps from a request to its answer. A fault replaces one of them. */
export interface Pipeline {
  /** Called when a request's header has arrived; `bodyRead` settles with its body. */
  admit(bodyRead: Promise<unknown>): Promise<void>;
  /** Answers one call; `path` is without its leading slash. `undefined` cuts the connection. */
  answer(path: string, body: string): Promise<WireAnswer | undefined>;
}

/** Longest body that is read, in bytes; the engine's own requests have a few kilobytes. */
const bodyLimit = 1024 * 1024;
const requestDeadlineMs = 30_000;

/** A request that is not understood: 4xx, never an answer of status 200. */
class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The plugin side of the protocol for one node. Connections are handed in with `serve` or come over `listen`. */
export class PluginServer {
  readonly http: Server;
  readonly #streams = new Set<Duplex>();
  #closed = false;

  constructor(pipeline: Pipeline) {
    this.http = createServer((request, response) => {
      // A stream that was being closed may still bring a request; its answer would come from a plugin that has ended.
      if (this.#closed) request.socket.destroy();
      else respond(pipeline, request, response).catch(() => response.destroy());
    });
    this.http.requestTimeout = requestDeadlineMs;
  }

  /** Serves a connection that arrived elsewhere, e.g. through a socket forwarded over SSH. */
  serve(stream: Duplex): void {
    stream.on("error", () => {}); // the engine may hang up at any time
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    this.http.emit("connection", stream);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = this.http.listening ? new Promise((resolve) => this.http.close(resolve)) : undefined;
    this.http.closeAllConnections();
    for (const stream of this.#streams) stream.destroy();
    await closed;
  }
}

/** Answers calls as the protocol demands. */
export function honestPipeline(handlers: Handlers): Pipeline {
  return {
    admit: () => Promise.resolve(),
    answer: async (path, body) => {
      if (!isCallName(path)) return failure(404, `unknown method ${path}`);
      try {
        return json(200, await call(handlers, path, body));
      } catch (error) {
        const message = messageOf(error);
        if (error instanceof BadRequest) return failure(error.status, message);
        return json(200, { [keyFor(path)]: message });
      }
    },
  };
}

/** Reads a request as its call demands. Throws when it is no JSON or has fields of the wrong type. */
export function decode<Name extends CallName>(name: Name, body: string): RequestOf<Name> {
  let value: unknown;
  try {
    value = body.trim() === "" ? {} : JSON.parse(body);
  } catch {
    throw new BadRequest(400, `${name}: the request is no JSON`);
  }
  const parsed = calls[name].request.safeParse(value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadRequest(400, `${name}: ${issue?.path.join(".") || "the request"}: ${issue?.message}`);
  }
  return parsed.data as RequestOf<Name>;
}

export function json(status: number, value: unknown): WireAnswer {
  return { status, body: JSON.stringify(value) };
}

function call(handlers: Handlers, name: CallName, body: string): Promise<unknown> {
  const handler = handlers[name] as (request: unknown) => Promise<unknown>;
  return handler(decode(name, body));
}

function keyFor(name: CallName): "Err" | "Error" {
  const { subsystem } = calls[name];
  return subsystem === "Plugin" ? "Err" : failureKey[subsystem];
}

function failure(status: number, message: string): WireAnswer {
  return json(status, { Err: message });
}

async function respond(
  pipeline: Pipeline,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "").replace(/^\//, "");
  const body = readBody(request);
  body.catch(() => {});
  await pipeline.admit(body);
  const answer =
    request.method === "POST"
      ? await body.then(
          (text) => pipeline.answer(path, text),
          (error: unknown) => failure(error instanceof BadRequest ? error.status : 400, String(error)),
        )
      : failure(405, `${request.method} is not allowed: calls are POST`);
  if (answer === undefined) {
    request.socket.destroy();
    return;
  }
  response.writeHead(answer.status, { "Content-Type": mediaType });
  response.end(answer.body);
}

/** Reads at most `bodyLimit` bytes; the rest of a longer body is read and dropped, so that the client sees the answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= bodyLimit) chunks.push(chunk);
  }
  if (length > bodyLimit)
    throw new BadRequest(413, `the request has ${length} bytes; at most ${bodyLimit} are read`);
  return Buffer.concat(chunks).toString("utf8");
}
