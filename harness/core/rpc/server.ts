import { z } from "zod";
import { messageOf } from "#harness/core/errors.ts";
import {
  cancelMethod,
  errorCodes,
  type GivenTo,
  type MethodsOf,
  onLines,
  type Request,
  type ResultOf,
  RpcError,
  readRequest,
  type Streams,
  writeMessage,
} from "./messages.ts";

/** Methods as they are carried out. `signal` is aborted when the caller gives the call up or goes away. */
export type Handlers<M extends MethodsOf<M>> = {
  readonly [Name in keyof M]: (
    given: GivenTo<M, Name>,
    signal: AbortSignal,
  ) => ResultOf<M, Name> | Promise<ResultOf<M, Name>>;
};

/** A method whose caller may say anything: it is refused with what is wrong with `given`. */
export function checked<Input extends z.ZodType, Result>(
  input: Input,
  run: (given: z.output<Input>, signal: AbortSignal) => Result,
): (given: z.input<Input>, signal: AbortSignal) => Result {
  return (given, signal) => {
    const parsed = input.safeParse(given);
    if (parsed.success) return run(parsed.data, signal);
    throw new RpcError(z.prettifyError(parsed.error), { code: errorCodes.badParams });
  };
}

/**
 * Answers the calls that arrive on a stream until it ends. A method that throws fails its call with the message of its
 * error; a line that is no request is answered with what is wrong, and ends the connection.
 */
export function serveRpc<M extends MethodsOf<M>>(streams: Streams, methods: Handlers<M>): void {
  const { readable, writable } = streams;
  const underWay = new Map<number, AbortController>();
  let over = false;

  const end = () => {
    over = true;
    for (const call of underWay.values()) call.abort(new RpcError("the caller went away"));
    underWay.clear();
  };
  for (const stream of new Set([readable, writable])) {
    stream.on("error", end);
    stream.once("close", end);
  }
  readable.once("end", end);

  const fail = (id: number | null, error: unknown) => {
    const { message, code, kind } = asRpcError(error);
    writeMessage(writable, { id, error: { code, message, ...(kind ? { data: { kind } } : {}) } });
  };

  const answer = async (id: number, { method, params = {} }: Request) => {
    const control = new AbortController();
    underWay.set(id, control);
    try {
      if (!Object.hasOwn(methods, method)) {
        throw new RpcError(`there is no method "${method}"`, { code: errorCodes.unknownMethod });
      }
      const run = methods[method as keyof M] as (given: unknown, signal: AbortSignal) => unknown;
      const result = await run(params, control.signal);
      if (!control.signal.aborted) writeMessage(writable, { id, result: result ?? null });
    } catch (error) {
      if (!control.signal.aborted) fail(id, naming(method, error));
    } finally {
      underWay.delete(id);
    }
  };

  onLines(readable, (line) => {
    if (over) return;
    let request: Request;
    try {
      request = readRequest(line);
    } catch (error) {
      fail(null, error);
      writable.end();
      end();
      return;
    }
    if (request.id !== undefined) void answer(request.id, request);
    else if (request.method === cancelMethod) {
      const given = z.object({ id: z.number() }).safeParse(request.params);
      if (given.success) underWay.get(given.data.id)?.abort(new RpcError("the caller gave the call up"));
    }
  });
}

/** What is wrong with parameters is of use only with the method whose they are. */
function naming(method: string, error: unknown): unknown {
  if (!(error instanceof RpcError) || error.code !== errorCodes.badParams) return error;
  return new RpcError(`${method}: ${error.message}`, { code: error.code });
}

function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError(messageOf(error));
}
