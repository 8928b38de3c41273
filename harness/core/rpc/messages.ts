import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import { HarnessError } from "#harness/core/errors.ts";

/**
 * What JSON-RPC 2.0 is spoken over, one message a line. It is written here rather than taken from a library: peers are in
 * Python as well, with nothing but its standard library, and lines are what both sides read most easily. A library
 * (vscode-jsonrpc) frames by headers, and leaves unanswered what a call ends with when the peer dies or says something else.
 */
export interface Streams {
  readonly readable: Readable;
  readonly writable: Writable;
}

/** A duplex stream as both of its halves. */
export function bothHalves(stream: Readable & Writable): Streams {
  return { readable: stream, writable: stream };
}

/** Methods by name, each of which takes one object: what both sides of a connection agree on. */
export type MethodsOf<M> = { readonly [Name in keyof M]: (given: never, signal: never) => unknown };
export type GivenTo<M extends MethodsOf<M>, Name extends keyof M> = Parameters<M[Name]>[0];
export type ResultOf<M extends MethodsOf<M>, Name extends keyof M> = Awaited<ReturnType<M[Name]>>;

export const errorCodes = {
  garbage: -32_700,
  unknownMethod: -32_601,
  badParams: -32_602,
  failed: -32_000,
} as const;

/** The peer's method failed, or refused the call; the message is the peer's. */
export class RpcError extends HarnessError {
  override name = "RpcError";
  readonly code: number;
  /** Which failure of the peer's it is, where the peer tells some apart. */
  readonly kind: string | undefined;

  constructor(message: string, { code = errorCodes.failed, kind }: { code?: number; kind?: string } = {}) {
    super(message);
    this.code = code;
    this.kind = kind;
  }
}

/** Name of the notification by which a caller gives a request up. */
export const cancelMethod = "cancel";

const id = z.number().int();
const errorShape = z.object({
  code: z.number(),
  message: z.string(),
  data: z.object({ kind: z.string() }).optional(),
});
const requestShape = z.object({ id: id.optional(), method: z.string(), params: z.unknown() });
const answerShape = z.union([
  z.object({ id, result: z.unknown(), error: z.undefined().optional() }),
  z.object({ id: id.nullable(), error: errorShape }),
]);
export type Request = z.output<typeof requestShape>;
export type Answer = z.output<typeof answerShape>;

/** Throws `RpcError` that shows what is no request. */
export function readRequest(line: string): Request {
  return read(line, requestShape, "a request");
}

/** Throws `RpcError` that shows what is no answer. */
export function readAnswer(line: string): Answer {
  return read(line, answerShape, "an answer");
}

/** A message as its line. */
export function writeMessage(stream: Writable, message: object): void {
  if (stream.writable) stream.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

/** Yields the lines of a stream as they come. A line without its end is one too: what a peer that died left of a message. */
export function onLines(stream: Readable, line: (text: string) => void): void {
  const decoder = new StringDecoder("utf8");
  // A line that comes in many pieces is put together once.
  let pieces: string[] = [];
  stream.on("data", (chunk: Buffer) => {
    const [first = "", ...others] = decoder.write(chunk).split("\n");
    pieces.push(first);
    for (const begun of others) {
      line(pieces.join(""));
      pieces = [begun];
    }
  });
  stream.once("end", () => {
    const rest = pieces.join("");
    if (rest !== "") line(rest);
  });
}

function read<Shape extends z.ZodType>(line: string, shape: Shape, what: string): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(line));
  } catch {
    throw new RpcError(
      `expected ${what} of JSON-RPC in one line, got ${JSON.stringify(line.slice(0, 200))}`,
      {
        code: errorCodes.garbage,
      },
    );
  }
}
