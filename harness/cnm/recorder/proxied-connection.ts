import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Connect } from "#harness/cnm/client/client.ts";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import { type HttpMessage, MessageReader, pathOf, statusOf } from "#harness/cnm/protocol/message.ts";
import type { CallFault } from "./injection.ts";

/** What a connection tells its proxy. */
export interface ConnectionEvents {
  /** The fault injected into a call that begins now. */
  faultFor(call: string): CallFault | undefined;
  /** A request is complete. */
  sent(call: string, body: string): void;
  /** Its answer is there, or will never be. */
  ended(exchange: Omit<Exchange, "id" | "plugin" | "caller">): void;
  closed(): void;
}

interface CallInFlight {
  readonly call: string;
  readonly fault: CallFault | undefined;
  readonly startedAt: number;
  body: string;
  /** Answer bytes that wait for the answer to be complete, because a fault changes them. */
  held: Buffer[];
}

/**
 * One connection of an engine and its counterpart to the plugin. Requests are passed on as soon as their head tells
 * which call they are; engines send the next request of a connection after the answer to the last.
 */
export class ProxiedConnection {
  readonly #engine: Duplex;
  readonly #plugin: Promise<Duplex>;
  readonly #events: ConnectionEvents;
  readonly #requests = new MessageReader("request");
  readonly #answers = new MessageReader("response");
  #unsent: Buffer[] = [];
  #current: CallInFlight | undefined;
  #delayed: Promise<void> = Promise.resolve();
  #gone = false;

  constructor(engine: Duplex, connect: Connect, events: ConnectionEvents) {
    this.#engine = engine;
    this.#events = events;
    engine.on("data", (chunk: Buffer) => this.#fromEngine(chunk));
    engine.once("error", () => this.destroy());
    engine.once("close", () => this.#engineLeft());
    engine.once("end", () => this.#withPlugin((plugin) => plugin.end()));
    this.#plugin = connect();
    this.#plugin.then(
      (plugin) => {
        plugin.on("data", (chunk: Buffer) => this.#fromPlugin(chunk));
        plugin.once("error", () => this.#pluginLeft());
        plugin.once("end", () => this.#pluginLeft());
        plugin.once("close", () => this.#pluginLeft());
      },
      (error: Error) => {
        this.#finish(null, `the plugin cannot be reached: ${error.message}`);
        this.destroy();
      },
    );
  }

  /** Drops both sides. */
  destroy(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#engine.destroy();
    this.#plugin.then(
      (plugin) => plugin.destroy(),
      () => {},
    );
    this.#events.closed();
  }

  #fromEngine(chunk: Buffer): void {
    this.#unsent.push(chunk);
    const [request] = this.#requests.push(chunk);
    const startLine = request?.startLine ?? this.#requests.startLine;
    if (startLine === undefined) return;
    this.#current ??= this.#begin(pathOf({ startLine } as HttpMessage));
    const current = this.#current;
    if (request) {
      current.body = request.body.toString();
      this.#events.sent(current.call, current.body);
    }
    const { fault } = current;
    if (fault?.kind === "cut" && fault.at === "request") {
      this.#finish(null, "cut before the plugin was asked");
      this.destroy();
    } else if (fault?.kind === "status") {
      if (request) this.#answerInstead(fault.status, fault.body ?? "injected by the proxy");
    } else {
      const bytes = Buffer.concat(this.#unsent);
      this.#unsent = [];
      this.#withPlugin((plugin) => void plugin.write(bytes));
    }
  }

  #begin(call: string): CallInFlight {
    return { call, fault: this.#events.faultFor(call), startedAt: now(), body: "", held: [] };
  }

  #fromPlugin(chunk: Buffer): void {
    const [answer] = this.#answers.push(chunk);
    const fault = this.#current?.fault;
    if (!fault) this.#engine.write(chunk);
    else this.#current?.held.push(chunk);
    if (answer) this.#answered(answer);
  }

  /** The plugin's answer is complete: it goes on record as it was, and to the engine as the fault wants it. */
  #answered(answer: HttpMessage): void {
    const { fault, held = [] } = this.#current ?? {};
    const bytes = Buffer.concat(held);
    this.#finish(answer);
    if (fault?.kind === "delay") {
      this.#delayed = delay(fault.ms, undefined, { ref: false }).then(() => void this.#engine.write(bytes));
    } else if (fault?.kind === "truncate") {
      const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
      this.#engine.end(lastAnswer(statusOf(answer) ?? 200, half));
    } else if (fault?.kind === "cut" && fault.at === "body") {
      const bodyStart = bytes.indexOf("\r\n\r\n") + 4;
      const half = bytes.subarray(0, bodyStart + Math.floor((bytes.length - bodyStart) / 2));
      this.#engine.write(half, () => this.destroy());
    } else if (fault?.kind === "cut") {
      this.destroy();
    }
  }

  #answerInstead(status: number, body: string): void {
    this.#finish(null, `status ${status} in the plugin's place`);
    this.#unsent = [];
    this.#engine.end(lastAnswer(status, Buffer.from(body)));
  }

  /** The call is over; puts it on record. */
  #finish(answer: HttpMessage | null, failure?: string): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    this.#events.ended({
      call: current.call,
      request: current.body,
      status: answer ? (statusOf(answer) ?? null) : null,
      answer: answer?.complete ? answer.body.toString() : null,
      ...(failure === undefined ? {} : { failure }),
      ...(answer?.malformed === undefined
        ? {}
        : { failure: `no HTTP answer: ${answer.malformed}`, malformed: true as const }),
      ...(current.fault ? { injected: nameOf(current.fault) } : {}),
      startedAt: current.startedAt,
      endedAt: now(),
    });
  }

  #pluginLeft(): void {
    const rest = this.#answers.end();
    if (rest?.complete) this.#answered(rest);
    else if (rest)
      this.#finish(rest, `the plugin closed the connection after ${rest.body.length} bytes of the body`);
    else this.#finish(null, "the plugin closed the connection without an answer");
    void this.#delayed.then(() => this.#engine.end(() => this.destroy()));
  }

  #engineLeft(): void {
    this.#finish(null, "the engine closed the connection before the answer");
    this.destroy();
  }

  #withPlugin(use: (plugin: Duplex) => void): void {
    this.#plugin.then(
      (plugin) => {
        if (!plugin.destroyed) use(plugin);
      },
      () => {}, // told when the connection failed
    );
  }
}

function nameOf(fault: CallFault): string {
  if (fault.kind === "delay") return `delay of ${fault.ms} ms`;
  if (fault.kind === "status") return `status ${fault.status}`;
  return fault.kind === "cut" ? `cut at ${fault.at}` : "truncated answer";
}

/**
 * An answer of the proxy's own, the last of its connection: the plugin may have closed its side, as one that speaks HTTP/1.0 does after each
 * answer. An engine that sent its next call there would get none, and repeat it without its body, which the plugin must refuse.
 */
function lastAnswer(status: number, body: Buffer): Buffer {
  const head = `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Injected"}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
