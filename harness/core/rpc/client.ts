import { type Deadline, within } from "#harness/core/async/poll.ts";
import { MachineStarved } from "#harness/core/async/starvation.ts";
import { DeadlineExceeded, HarnessError } from "#harness/core/errors.ts";
import {
  type Answer,
  cancelMethod,
  type GivenTo,
  type MethodsOf,
  onLines,
  type ResultOf,
  RpcError,
  readAnswer,
  type Streams,
  writeMessage,
} from "./messages.ts";

export interface ClientOptions {
  /** Who answers, as it reads in messages: "the probe agent on node1". */
  readonly peer: string;
  /** Makes the error with which calls fail when the connection is of no more use; default `HarnessError`. */
  readonly lost?: (reason: string, cause?: Error) => Error;
  /** Resolves to why the peer ended, where more is known of it than the end of its stream. Never rejects. */
  readonly ended?: Promise<Error>;
}

export interface CallOptions {
  /** Throws `DeadlineExceeded` after it, and gives the call up on both sides. */
  readonly deadline?: Deadline;
  /** Gives the call up on both sides; the call throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Calls the methods of one peer over a stream. Any number of calls may be under way; all fail with the connection. */
export class RpcClient<M extends MethodsOf<M>> {
  readonly #streams: Streams;
  readonly #lost: (reason: string, cause?: Error) => Error;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #ended: Error | undefined;

  constructor(streams: Streams, { peer, lost, ended }: ClientOptions) {
    this.#streams = streams;
    this.#lost = lost ?? ((reason, cause) => new HarnessError(`${peer}: ${reason}`, { cause }));
    const { readable, writable } = streams;
    onLines(readable, (line) => this.#receive(line));
    const fail = (error: Error) => {
      if (!ended) this.end(this.#lost(error.message, error));
    };
    for (const stream of new Set([readable, writable])) stream.on("error", fail);
    if (ended) {
      ended.then((error) => this.end(error));
      return;
    }
    const closed = () => this.end(this.#lost("the connection was closed"));
    readable.once("end", closed);
    readable.once("close", closed);
  }

  /** Why no more calls are possible; `undefined` while they are. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /**
   * Resolves to what the method answers; `null` where that is nothing. Throws `RpcError` with the peer's message when
   * the method failed, what `lost` or `ended` say when the connection is of no more use.
   */
  async call<Name extends keyof M & string>(
    name: Name,
    given: GivenTo<M, Name>,
    { deadline, signal }: CallOptions = {},
  ): Promise<ResultOf<M, Name>> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    const giveUp = () => answer.reject(signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    writeMessage(this.#streams.writable, { id, method: name, params: given });
    try {
      const result = deadline ? await within(deadline, answer.promise) : await answer.promise;
      return result as ResultOf<M, Name>;
    } catch (error) {
      const late = error instanceof DeadlineExceeded || error instanceof MachineStarved;
      if (!this.#ended && (late || signal?.aborted)) {
        writeMessage(this.#streams.writable, { method: cancelMethod, params: { id } });
      }
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      this.#pending.delete(id);
    }
  }

  /** Fails what is under way, and all later calls, with `error`; the first time counts. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #receive(line: string): void {
    if (this.#ended) return;
    let answer: Answer;
    try {
      answer = readAnswer(line);
    } catch (error) {
      this.end(this.#lost((error as Error).message));
      return;
    }
    if (answer.error === undefined) {
      this.#pending.get(answer.id)?.resolve(answer.result);
      return;
    }
    const { message, code, data } = answer.error;
    // Without an id it is about the connection: what arrived there was no request.
    if (answer.id === null) this.end(this.#lost(message));
    else this.#pending.get(answer.id)?.reject(new RpcError(message, { code, ...data }));
  }
}
