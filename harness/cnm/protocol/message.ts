/** One HTTP/1.1 message as it was on the wire, its body with the transfer coding taken off. */
export interface HttpMessage {
  /** Request line or status line. */
  readonly startLine: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** False when the stream ended in the middle, or when what came is malformed. */
  readonly complete: boolean;
  /** Of an answer: why the HTTP client of an engine refuses it. What came after that is not read. */
  readonly malformed?: string;
}

type Framing = { kind: "length"; left: number } | { kind: "chunked" } | { kind: "until end" };

/** Largest head of a message that is kept, in bytes; more is not HTTP. */
const headLimit = 64 * 1024;
/** Longest body of an answer, in bytes: a plugin that never stops must not fill the memory. */
const bodyLimit = 16 * 1024 * 1024;
/** Answers of status 1xx before the one that counts, as Go's net/http has it. */
const informationalLimit = 5;
const httpVersion = "HTTP/";
const statusLine = /^HTTP\/\d\.\d +(\d{3})(?: |$)/;

/** What is no HTTP answer; thrown within this file alone. */
class Malformed extends Error {}

/**
 * Reads HTTP/1.1 messages out of the chunks of one direction of a connection. Node's own parser is bound to its
 * client and server, which hide what a broken peer sent; this one also tells of messages that were cut. Answers are
 * refused that Go's net/http refuses, since engines read with it; requests are an engine's own and taken as they are.
 */
export class MessageReader {
  readonly #kind: "request" | "response";
  #pending: Buffer = Buffer.alloc(0);
  #head: { startLine: string; headers: Record<string, string> } | undefined;
  #framing: Framing = { kind: "length", left: 0 };
  #body: Buffer[] = [];
  #bodyLength = 0;
  #informational = 0;
  #refused = false;

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
    if (this.#refused) return [];
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: HttpMessage[] = [];
    try {
      for (;;) {
        if (!this.#head && !this.#readHead()) return messages;
        if (!this.#readBody()) return messages;
        messages.push(this.#finish(true));
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return [...messages, this.#refuse(error.message)];
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

  #refuse(malformed: string): HttpMessage {
    this.#refused = true;
    this.#head ??= { startLine: "", headers: {} };
    return { ...this.#finish(false), malformed };
  }

  /** Only answers are judged. */
  #expect(holds: boolean, what: string): void {
    if (this.#kind === "response" && !holds) throw new Malformed(what);
  }

  #readHead(): boolean {
    for (;;) {
      const beginning = this.#pending.subarray(0, httpVersion.length).toString("latin1");
      this.#expect(httpVersion.startsWith(beginning), "it does not begin with HTTP/");
      const end = this.#pending.indexOf("\r\n\r\n");
      const length = end < 0 ? this.#pending.length : end;
      this.#expect(length <= headLimit, `more than ${headLimit} bytes of headers`);
      if (end < 0) {
        if (this.#pending.length > headLimit) this.#pending = this.#pending.subarray(0, headLimit);
        return false;
      }
      const [startLine = "", ...lines] = this.#pending.subarray(0, end).toString("latin1").split("\r\n");
      this.#expect(statusLine.test(startLine), `the status line ${JSON.stringify(startLine.slice(0, 80))}`);
      this.#pending = this.#pending.subarray(end + 4);
      if (this.#kind === "response" && /^HTTP\/\d\.\d +1\d\d/.test(startLine)) {
        this.#informational += 1;
        this.#expect(
          this.#informational <= informationalLimit,
          `more than ${informationalLimit} answers of status 1xx`,
        );
        continue;
      }
      const headers = this.#headersIn(lines);
      this.#head = { startLine, headers };
      this.#framing = this.#framingOf(startLine, headers);
      return true;
    }
  }

  #headersIn(lines: readonly string[]): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const line of lines) {
      // A line that begins with white space goes on with the header before it.
      if (/^[ \t]/.test(line)) continue;
      const colon = line.indexOf(":");
      this.#expect(colon >= 0, `the header line ${JSON.stringify(line.slice(0, 80))}`);
      const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      const before = headers[name];
      this.#expect(
        name !== "content-length" || before === undefined || before === value,
        `two lengths, ${before} and ${value}`,
      );
      if (name !== "") headers[name] = value;
    }
    return headers;
  }

  #framingOf(startLine: string, headers: Record<string, string>): Framing {
    const coding = headers["transfer-encoding"];
    if (coding !== undefined) {
      this.#expect(coding.toLowerCase() === "chunked", `the transfer coding ${coding.slice(0, 80)}`);
      if (/\bchunked\b/i.test(coding)) return { kind: "chunked" };
    }
    const bodiless = this.#kind === "request" || /^HTTP\/1\.\d (204|304)/.test(startLine);
    const given = headers["content-length"];
    if (given === undefined) return bodiless ? { kind: "length", left: 0 } : { kind: "until end" };
    this.#expect(/^\d{1,15}$/.test(given), `Content-Length ${JSON.stringify(given.slice(0, 80))}`);
    const length = Number(given);
    this.#expectBody(length);
    return { kind: "length", left: Number.isInteger(length) && length >= 0 ? length : 0 };
  }

  #expectBody(length: number): void {
    this.#expect(length <= bodyLimit, `more than ${bodyLimit} bytes of body`);
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
      if (line < 0) {
        this.#expect(this.#pending.length <= headLimit, "no length of a chunk");
        return false;
      }
      const [digits = ""] = this.#pending.subarray(0, line).toString("latin1").split(";");
      this.#expect(
        /^[0-9a-f]{1,12}$/i.test(digits.trimEnd()),
        `the length ${JSON.stringify(digits.slice(0, 80))} of a chunk`,
      );
      const size = Number.parseInt(digits, 16);
      if (!(size > 0)) {
        const trailerEnd = this.#pending.subarray(line, line + 4).toString() === "\r\n\r\n" ? line + 4 : -1;
        const end = trailerEnd > 0 ? trailerEnd : this.#pending.indexOf("\r\n\r\n") + 4;
        if (end < 4) return false;
        this.#pending = this.#pending.subarray(end);
        return true;
      }
      this.#expectBody(this.#bodyLength + size);
      const after = line + 2 + size;
      if (this.#pending.length < after + 2) return false;
      this.#expect(
        this.#pending.subarray(after, after + 2).toString("latin1") === "\r\n",
        `a chunk of ${size} bytes that goes on`,
      );
      this.#pending = this.#pending.subarray(line + 2);
      this.#take(size);
      this.#pending = this.#pending.subarray(2);
    }
  }

  #take(length: number): number {
    if (length > 0) this.#body.push(this.#pending.subarray(0, length));
    this.#bodyLength += length;
    this.#expectBody(this.#bodyLength);
    this.#pending = this.#pending.subarray(length);
    return length;
  }

  #finish(complete: boolean): HttpMessage {
    const { startLine, headers } = this.#head as { startLine: string; headers: Record<string, string> };
    const body = Buffer.concat(complete ? this.#body : [...this.#body, this.#pending]);
    if (!complete) this.#pending = Buffer.alloc(0);
    this.#head = undefined;
    this.#body = [];
    this.#bodyLength = 0;
    this.#informational = 0;
    return { startLine, headers, body, complete };
  }
}

/** Status code of a status line; `undefined` when it is none. */
export function statusOf(message: HttpMessage): number | undefined {
  const status = statusLine.exec(message.startLine)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** Path of a request line without its leading slash, e.g. `NetworkDriver.Join`. */
export function pathOf(message: HttpMessage): string {
  return (message.startLine.split(" ")[1] ?? "").replace(/^\//, "");
}
