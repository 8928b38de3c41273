import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import type { Duplex } from "node:stream";
import { type Exchange, type ReadExchange, readExchange } from "#harness/cnm/protocol/exchange.ts";
import { type HttpMessage, MessageReader, statusOf } from "#harness/cnm/protocol/message.ts";
import { type CallName, mediaType, type RequestOf } from "#harness/cnm/protocol/protocol.ts";
import { ConnectionLost, HarnessError } from "#harness/core/errors.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { newestPlayedEngine, type PlayedVersion } from "#suites/requirements/played-engine.ts";
import { hostHeader } from "./dialect.ts";

/** Opens one connection to a plugin. */
export type Connect = () => Promise<Duplex>;

/** Where a plugin listens. */
export interface PluginSocket {
  /** Name of the plugin, as a user of the engine would type it. */
  readonly name: string;
  /** The address as a person writes it: a path, `tcp://host:port`, or `node:path`. */
  readonly address: string;
  readonly connect: Connect;
}

/** The plugin socket at a local path or at `tcp://host:port`. */
export function pluginSocket(address: string): PluginSocket {
  const name = (address.split("/").at(-1) ?? address).replace(/\.sock$/, "");
  if (!address.startsWith("tcp://"))
    return { name, address, connect: () => open({ path: address }, address) };
  const { hostname, port } = new URL(address);
  return { name, address, connect: () => open({ host: hostname, port: Number(port) }, address) };
}

async function open(
  target: { path: string } | { host: string; port: number },
  address: string,
): Promise<Duplex> {
  const socket = connectSocket(target);
  try {
    await once(socket, "connect");
  } catch (error) {
    throw new HarnessError(`no plugin answers at ${address}: ${(error as Error).message}`, {
      hint: "start the plugin, or point PLUGIN at its socket",
      cause: error,
    });
  }
  return socket;
}

export interface SendOptions {
  /** Milliseconds until the answer must be there; default 10 000. The exchange then says so, nothing is thrown. */
  deadlineMs?: number;
}

/** What exactly goes over the wire, and how it is written down. */
export interface RawRequest {
  /** Path without its leading slash. */
  call: string;
  /** Body as the transcript is to show it. */
  shown: string;
  /** Writes the request; it may stop in the middle, or end the stream. */
  write: (stream: Duplex) => Promise<void> | void;
}

const defaultDeadlineMs = 10_000;

export interface ClientOptions {
  /** The engine as which it speaks; default: the newest that is played. */
  readonly engine?: PlayedVersion;
  /** Called for each exchange when its answer is there. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/**
 * Calls a plugin as the engine does, and as no engine would. One connection per call.
 * An answer is read as bytes, so that what a JSON client would smooth over stays visible.
 */
export class PluginClient {
  readonly socket: PluginSocket;
  readonly caller: string;
  readonly engine: PlayedVersion;
  readonly #exchanges: Exchange[] = [];
  readonly #onExchange: ((exchange: Exchange) => void) | undefined;

  constructor(
    socket: PluginSocket,
    caller: string,
    { engine = newestPlayedEngine, onExchange }: ClientOptions = {},
  ) {
    this.socket = socket;
    this.caller = caller;
    this.engine = engine;
    this.#onExchange = onExchange;
  }

  /** Everything that was sent and what came back, in the order of the answers. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  /** Sends a call of the protocol. Never rejects for what the plugin does, also when it does not listen any more. */
  call<Name extends CallName>(
    name: Name,
    ...[request, options]: undefined extends RequestOf<Name>
      ? [request?: RequestOf<Name>, options?: SendOptions]
      : [request: RequestOf<Name>, options?: SendOptions]
  ): Promise<ReadExchange> {
    return this.sendText(name, request === undefined ? "" : JSON.stringify(request), options);
  }

  /** Sends any text as the body of a call, with a right Content-Length. */
  sendText(call: string, body: string, options?: SendOptions): Promise<ReadExchange> {
    return this.sendRaw(
      {
        call,
        shown: body,
        write: (stream) => void stream.write(this.head(call, Buffer.byteLength(body)) + body),
      },
      options,
    );
  }

  /** Head of a request as the engine writes it. `length` is the body's in bytes; `undefined` leaves Content-Length out. */
  head(call: string, length: number | undefined): string {
    return requestHead(call, length, hostHeader(this.engine));
  }

  /** Sends whatever `request.write` writes, and reads one answer. */
  async sendRaw(
    request: RawRequest,
    { deadlineMs = defaultDeadlineMs }: SendOptions = {},
  ): Promise<ReadExchange> {
    const startedAt = now();
    const answer = await this.socket.connect().then(
      (stream) => converse(stream, request, deadlineMs),
      (error: unknown) => {
        if (error instanceof ConnectionLost) throw error;
        return {
          status: null,
          answer: null,
          failure: `no connection (${firstLineOf((error as Error).message)})`,
        };
      },
    );
    const exchange: Exchange = {
      id: this.#exchanges.length + 1,
      plugin: this.socket.name,
      caller: this.caller,
      call: request.call,
      request: request.shown,
      ...answer,
      startedAt,
      endedAt: now(),
    };
    this.#exchanges.push(exchange);
    this.#onExchange?.(exchange);
    return readExchange(exchange);
  }
}

type Heard = Pick<Exchange, "status" | "answer" | "failure" | "malformed">;

/** Writes one request and reads one answer; resolves to what came, in whatever state, within the deadline. */
async function converse(stream: Duplex, request: RawRequest, deadlineMs: number): Promise<Heard> {
  const reader = new MessageReader("response");
  let timer: NodeJS.Timeout | undefined;
  const heard = new Promise<Heard>((resolve) => {
    const answered = (message: HttpMessage) => {
      const status = statusOf(message) ?? null;
      if (message.malformed === undefined) return resolve({ status, answer: message.body.toString() });
      resolve({ status, answer: null, failure: `no HTTP answer: ${message.malformed}`, malformed: true });
    };
    const cut = (failure: string) => {
      const left = reader.end();
      if (left?.complete) return answered(left);
      const after = left ? ` after ${left.body.length} bytes of the body` : "";
      resolve({ status: left ? (statusOf(left) ?? null) : null, answer: null, failure: failure + after });
    };
    timer = setTimeout(() => cut(`no answer within ${deadlineMs} ms`), deadlineMs);
    stream.on("data", (chunk: Buffer) => {
      const [message] = reader.push(chunk);
      if (message) answered(message);
    });
    stream.on("error", (error: Error) => cut(`connection lost (${error.message})`));
    stream.once("end", () => cut("connection closed"));
    stream.once("close", () => cut("connection closed"));
  });
  Promise.resolve(request.write(stream)).catch(() => {}); // a plugin may close while it is still being written to
  return heard.finally(() => {
    clearTimeout(timer);
    stream.destroy();
  });
}

function requestHead(call: string, length: number | undefined, host: string): string {
  const lines = [
    `POST /${call} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: Go-http-client/1.1",
    ...(length === undefined ? [] : [`Content-Length: ${length}`]),
    `Accept: ${mediaType}`,
    "Connection: close",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
