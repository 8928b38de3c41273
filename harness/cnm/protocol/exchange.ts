import { quote } from "#harness/host/shell.ts";
import type { Subsystem } from "#suites/requirements/applicability/applies-to.ts";
import { readJsonValues } from "./json.ts";
import { type CallName, failureKey, isCallName } from "./protocol.ts";

/** One call and what came back: a line of the protocol transcript. Plain JSON. */
export interface Exchange {
  /** Counts up within its recorder. */
  readonly id: number;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Who called: a node's name, or the suite. */
  readonly caller: string;
  /** Path of the request without its leading slash, e.g. `NetworkDriver.Join`. */
  readonly call: string;
  /** Body of the request as text. */
  readonly request: string;
  /** HTTP status, `null` when no answer came. */
  readonly status: number | null;
  /** Body of the answer as text, `null` when no complete answer came. */
  readonly answer: string | null;
  /** Why there is no complete answer. */
  readonly failure?: string;
  /** Something came that no engine takes for an HTTP answer; `failure` tells what is wrong with it. */
  readonly malformed?: true;
  /** Fault that a proxy injected into this exchange. */
  readonly injected?: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Stands among the exchanges, as the call of one without an answer, where the caller's node was given up as lost. */
export const nodeGivenUp = "node given up";

/** An exchange as the engine understands it. */
export interface ReadExchange {
  readonly exchange: Exchange;
  /** Present when the call is one of the protocol. */
  readonly name: CallName | undefined;
  /** The request's first JSON value; `undefined` when its body is empty or no JSON. */
  readonly request: JsonFields | undefined;
  /** The answer's first JSON value, which is all that an engine reads; `undefined` when there is none. */
  readonly answer: unknown;
  /** Status 200 and neither `Err` nor `Error` says otherwise. */
  readonly succeeded: boolean;
  /** What the plugin said was wrong, under whichever key or as plain text; `undefined` when it succeeded or never answered. */
  readonly message: string | undefined;
}

export type JsonFields = Readonly<Record<string, unknown>>;

/** Reads both bodies of an exchange. */
export function readExchange(exchange: Exchange): ReadExchange {
  const request = readJsonValues(exchange.request).values[0];
  const answer = exchange.answer === null ? undefined : readJsonValues(exchange.answer).values[0];
  const message = messageOf(exchange, answer);
  return {
    exchange,
    name: isCallName(exchange.call) ? exchange.call : undefined,
    request: fieldsOf(request),
    answer,
    succeeded: exchange.status === 200 && exchange.answer !== null && message === undefined,
    message,
  };
}

/** The value's fields when it is a JSON object. */
export function fieldsOf(value: unknown): JsonFields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonFields)
    : undefined;
}

/** Which subsystem a call belongs to, by its path; unknown methods of a subsystem count. */
export function subsystemOf(call: string): Subsystem | undefined {
  return (Object.keys(failureKey) as Subsystem[]).find((subsystem) => call.startsWith(`${subsystem}.`));
}

function messageOf(exchange: Exchange, answer: unknown): string | undefined {
  if (exchange.answer === null) return undefined;
  const fields = fieldsOf(answer);
  for (const key of Object.values(failureKey)) {
    const text = fields?.[key];
    if (typeof text === "string" && text !== "") return text;
  }
  return exchange.status === 200 ? undefined : exchange.answer.trim();
}

const shown = 600;

/** Two lines for people: the call with its body, and what came back. */
export function describeExchange(exchange: Exchange): string {
  const result =
    exchange.answer === null
      ? `no answer: ${exchange.failure ?? "unknown reason"}`
      : `${exchange.status} ${cut(exchange.answer.trim()) || "(empty body)"}`;
  const fault = exchange.injected ? ` [injected: ${exchange.injected}]` : "";
  return `POST /${exchange.call} ${cut(exchange.request)}\n  → ${result} (${Math.round(exchange.endedAt - exchange.startedAt)} ms)${fault}`;
}

/** The command by which a person repeats a call on a socket of the machine on which it is typed. */
export function curlLine(socket: string, exchange: Pick<Exchange, "call" | "request">): string {
  return curlCommand(socket, exchange).map(quote).join(" ");
}

/** That command's argv. */
export function curlCommand(socket: string, exchange: Pick<Exchange, "call" | "request">): string[] {
  const [target, url] = socket.startsWith("tcp://")
    ? [[], `http://${socket.slice("tcp://".length)}`]
    : [["--unix-socket", socket], "http://plugin"];
  return ["curl", "-s", ...target, "-d", exchange.request, `${url}/${exchange.call}`];
}

/** Calls that ask a plugin, and change nothing that it has. */
const questions: readonly CallName[] = [
  "Plugin.Activate",
  "NetworkDriver.GetCapabilities",
  "NetworkDriver.EndpointOperInfo",
  "IpamDriver.GetCapabilities",
  "IpamDriver.GetDefaultAddressSpaces",
];

/** Whether the call can be made again without changing what the plugin has: one that is none of the protocol's must not change anything. */
export function isQuestion(call: string): boolean {
  return !isCallName(call) || questions.includes(call);
}

/** A text of a plugin as messages show it: one of megabytes says no more by being shown whole. */
export function cut(text: string): string {
  return text.length <= shown ? text : `${text.slice(0, shown)}… (${text.length} characters)`;
}
