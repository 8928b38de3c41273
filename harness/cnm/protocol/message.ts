/** One HTTP/1.1 message as it was on the wire, its body with the transfer coding taken off. */
export interface HttpMessage {
  /** Request line or status line. */
  readonly startLine: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** False when the stream ended in the middle. */
  readonly complete: boolean;
}

type Framing = { kind: "length"; left: number } | { kind: "chunked" } | { kind: "until end" };

/** Largest head of a message that is kept, in bytes; more is not HTTP. */
const headLimit = 64 * 1024;

/**
 * Reads HTTP/1.1 messages out of the chunks of one direction of a connection. Node's own parser is bound to its
 * client and server, which hide what a broken peer sent; this one also tells of messages that were cut.
 */
export class MessageReader {
  readonly #kind: "request" | "response";
  #pending: Buffer = Buffer.alloc(0);
  #head: { startLine: string; headers: Record<string, string> } | undefined;
  #framing: Framing = { kind: "length", left: 0 };
  #body: Buffer[] = [];

  constructor(kind: "request" | "response") {
    this.#kind = kind;
  }

  /** Whether a message has begun and not ended. */
  get inMessage(): boolean {
    return this.#head !== undefined || this.#pending.length > 0;
  }

  /** First line of the message that is being read, as soon as its head is complete. */
  get startLine(): string | undefined {
    return this.#head?.startLine;
  }

  /** Takes the next bytes and returns the messages that they complete. */
  push(chunk: Buffer): HttpMessage[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: HttpMessage[] = [];
    for (;;) {
      if (!this.#head && !this.#readHead()) return messages;
      if (!this.#readBody()) return messages;
      messages.push(this.#finish(true));
    }
  }

  /** The stream has ended: returns the message that this ends or cuts. */
  end(): HttpMessage | undefined {
    if (!this.#head) {
      if (this.#pending.length === 0) return undefined;
      this.#head = { startLine: this.#pending.toString("latin1").split("\r\n")[0] ?? "", headers: {} };
      this.#pending = Buffer.alloc(0);
      return this.#finish(false);
    }
    return this.#finish(this.#framing.kind === "until end");
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#pending.length > headLimit) this.#pending = this.#pending.subarray(0, headLimit);
      return false;
    }
    const [startLine = "", ...lines] = this.#pending.subarray(0, end).toString("latin1").split("\r\n");
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.#pending = this.#pending.subarray(end + 4);
    if (this.#kind === "response" && /^HTTP\/1\.\d 1\d\d/.test(startLine)) return this.#readHead();
    this.#head = { startLine, headers };
    this.#framing = this.#framingOf(startLine, headers);
    return true;
  }

  #framingOf(startLine: string, headers: Record<string, string>): Framing {
    if (/\bchunked\b/i.test(headers["transfer-encoding"] ?? "")) return { kind: "chunked" };
    const length = Number(headers["content-length"]);
    if (headers["content-length"] !== undefined && Number.isInteger(length))
      return { kind: "length", left: length };
    const bodiless = this.#kind === "request" || /^HTTP\/1\.\d (204|304)/.test(startLine);
    return bodiless ? { kind: "length", left: 0 } : { kind: "until end" };
  }

  /** Moves bytes from what is pending to the body; true when the body is complete. */
  #readBody(): boolean {
    if (this.#framing.kind === "until end") {
      this.#take(this.#pending.length);
      return false;
    }
    if (this.#framing.kind === "length") {
      this.#framing.left -= this.#take(Math.min(this.#framing.left, this.#pending.length));
      return this.#framing.left === 0;
    }
    for (;;) {
      const line = this.#pending.indexOf("\r\n");
      if (line < 0) return false;
      const size = Number.parseInt(this.#pending.subarray(0, line).toString("latin1"), 16);
      if (!(size > 0)) {
        const trailerEnd = this.#pending.subarray(line, line + 4).toString() === "\r\n\r\n" ? line + 4 : -1;
        const end = trailerEnd > 0 ? trailerEnd : this.#pending.indexOf("\r\n\r\n") + 4;
        if (end < 4) return false;
        this.#pending = this.#pending.subarray(end);
        return true;
      }
      if (this.#pending.length < line + 2 + size + 2) return false;
      this.#pending = this.#pending.subarray(line + 2);
      this.#take(size);
      this.#pending = this.#pending.subarray(2);
    }
  }

  #take(length: number): number {
    if (length > 0) this.#body.push(this.#pending.subarray(0, length));
    this.#pending = this.#pending.subarray(length);
    return length;
  }

  #finish(complete: boolean): HttpMessage {
    const { startLine, headers } = this.#head as { startLine: string; headers: Record<string, string> };
    const body = Buffer.concat(complete ? this.#body : [...this.#body, this.#pending]);
    if (!complete) this.#pending = Buffer.alloc(0);
    this.#head = undefined;
    this.#body = [];
    return { startLine, headers, body, complete };
  }
}

/** Status code of a status line; `undefined` when it is none. */
export function statusOf(message: HttpMessage): number | undefined {
  const status = /^HTTP\/\d\.\d (\d{3})/.exec(message.startLine)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** Path of a request line without its leading slash, e.g. `NetworkDriver.Join`. */
export function pathOf(message: HttpMessage): string {
  return (message.startLine.split(" ")[1] ?? "").replace(/^\//, "");
}
