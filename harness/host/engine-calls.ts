import { AsyncResource } from "node:async_hooks";
import { recordCommand } from "#harness/host/transcript.ts";

/** Called once with what an engine answered. */
export type Answer = (error: Error | null, data?: unknown) => void;

/** The part of dockerode that makes requests. */
export interface Modem {
  dial(options: object, answer: Answer): void;
}

/** What a call of an engine's API begins with in a transcript, where the others have their program. */
export const engineCall = "engine-api";

/** Characters of a body. */
const mostShown = 2_000;

interface Request {
  readonly path?: string;
  readonly method?: string;
  /** The body, or what the query is made of. */
  readonly options?: { readonly _body?: unknown; readonly _query?: unknown } | string;
}

/**
 * Wraps the answer to a call of the engine of `host`, so that it is recorded like a command: `engine-api POST /networks/create {…}`. What only
 * asks is not recorded, since most of it is asked again and again.
 */
export function recordingAnswer(host: string, request: Request, answer: Answer): Answer {
  const { path = "", method = "GET", options } = request;
  if (method === "GET" || method === "HEAD") return answer;
  const startedAt = Date.now();
  const start = performance.now();
  const argv = [engineCall, method, path.replace(/\?$/, ""), ...bodyOf(options)];
  // The answer comes on a connection that another test may have opened.
  return AsyncResource.bind((error: Error | null, data?: unknown) => {
    const output = error ? { stdout: "", stderr: error.message } : { stdout: textOf(data), stderr: "" };
    const durationMs = performance.now() - start;
    recordCommand({ host, argv, code: error ? 1 : 0, signal: null, ...output, startedAt, durationMs });
    answer(error, data);
  });
}

function bodyOf(options: Request["options"]): string[] {
  const body = typeof options === "object" ? (options._body ?? options) : options;
  const text = textOf(body);
  if (text === "" || text === "{}") return [];
  return [text.length <= mostShown ? text : `${text.slice(0, mostShown)}… (${text.length} characters)`];
}

/** A stream has no text, nor has what was not answered. */
function textOf(data: unknown): string {
  if (data === undefined || data === null || Buffer.isBuffer(data)) return "";
  if (typeof data === "object" && "pipe" in data) return "";
  return typeof data === "string" ? data : JSON.stringify(data);
}
