import type { z } from "zod";
import {
  cut,
  describeExchange,
  type Exchange,
  fieldsOf,
  type ReadExchange,
  readExchange,
  subsystemOf,
} from "#harness/cnm/protocol/exchange.ts";
import { readJsonValues } from "#harness/cnm/protocol/json.ts";
import { type CallName, calls, failureKey, optionalCalls } from "#harness/cnm/protocol/protocol.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import type { CnmRequirementId } from "#suites/requirements/rules/cnm.ts";
import { type AnswerFlaw, checkAnswer, describeIssues } from "./answer-rules.ts";

/** A rule that one exchange broke. */
export interface RuleViolation {
  readonly requirement: CnmRequirementId;
  /** Name of the plugin. */
  readonly who: string;
  readonly expected: string;
  readonly got: string;
  readonly exchange: Exchange;
}

/** Calls that a plugin may answer with 404: the engine goes on, or only some plugins are ever asked. */
const mayBeMissing: ReadonlySet<CallName> = new Set<CallName>([
  ...optionalCalls,
  "NetworkDriver.GwAllocCheck",
  "NetworkDriver.AllocateNetwork",
  "NetworkDriver.FreeNetwork",
  "NetworkDriver.DiscoverNew",
  "NetworkDriver.DiscoverDelete",
  "IpamDriver.GetCapabilities",
]);

/** Words of which one must stand in a message that does not repeat a value of the request. */
const nouns =
  /network|endpoint|sandbox|pool|subnet|address|gateway|interface|option|scope|vlan|\btag|\bid\b|tenant|group|cidr|exhaust/i;

/**
 * Everything that is wrong with one exchange by itself, in the terms of the requirements.
 * Pure; used by the suite and by the proxy. What needs the history of a plugin is in `conversation.ts`.
 */
export function checkExchange(exchange: Exchange): RuleViolation[] {
  if (exchange.answer === null) return exchange.malformed ? [notHttp(exchange)] : [];
  const read = readExchange(exchange);
  const verdicts: AnswerFlaw[] = [
    checkDecoding(read),
    checkMethod(read),
    checkOneObject(read),
    checkFailureKey(read),
    checkMessage(read),
    ...checkAnswer(read),
  ];
  return verdicts.flatMap((verdict) => (verdict ? [{ ...verdict, who: exchange.plugin, exchange }] : []));
}

/** CNM-5c: what no engine takes for an answer. One that is merely missing is judged by who waited for it. */
function notHttp(exchange: Exchange): RuleViolation {
  return {
    requirement: "CNM-5c",
    who: exchange.plugin,
    expected: "an HTTP answer with exactly one JSON object",
    got: exchange.failure ?? "something else",
    exchange,
  };
}

/** CNM-3: what is no JSON must not be answered with 200; what has the wrong types must not succeed. */
function checkDecoding({ exchange, name, succeeded }: ReadExchange): AnswerFlaw {
  const { values, rest } = readJsonValues(exchange.request);
  if (rest !== "" || values.length > 1) {
    if (exchange.status !== 200 || name === undefined) return undefined;
    return {
      requirement: "CNM-3",
      expected: "status 4xx or 5xx for a body that is no JSON",
      got: `status 200 and ${cut(exchange.answer?.trim() ?? "")}`,
    };
  }
  if (!succeeded || name === undefined || values.length === 0) return undefined;
  const parsed = (calls[name].request as z.ZodType).safeParse(values[0]);
  if (parsed.success) return undefined;
  return {
    requirement: "CNM-3",
    expected: `a refusal of a body whose ${describeIssues(parsed.error)}`,
    got: `status 200 and ${cut(exchange.answer?.trim() ?? "")}`,
  };
}

/** CNM-4: exactly the unknown methods are 404. */
function checkMethod({ exchange, name }: ReadExchange): AnswerFlaw {
  if (name === undefined) {
    return exchange.status === 404
      ? undefined
      : {
          requirement: "CNM-4",
          expected: `404 for the unknown method ${exchange.call}`,
          got: `status ${exchange.status}`,
        };
  }
  if (exchange.status !== 404 || mayBeMissing.has(name)) return undefined;
  return { requirement: "CNM-4", expected: `the method ${name} to exist`, got: "status 404" };
}

/** CNM-5c: one JSON object or null, nothing before and nothing after it. */
function checkOneObject({ exchange, name }: ReadExchange): AnswerFlaw {
  if (exchange.status !== 200 || name === undefined) return undefined;
  const { values, rest } = readJsonValues(exchange.answer ?? "");
  const [value] = values;
  if (values.length === 1 && rest === "" && typeof value === "object" && !Array.isArray(value))
    return undefined;
  const what =
    values.length > 1
      ? `${values.length} JSON values`
      : values.length === 0 && rest === ""
        ? "an empty body"
        : "something else";
  return {
    requirement: "CNM-5c",
    expected: "exactly one JSON object as the answer",
    got: `${what}: ${cut(exchange.answer?.trim() ?? "")}`,
  };
}

/** CNM-5 and CNM-17: with status 200 each subsystem's failures have a key of their own, and the engine reads no other. */
function checkFailureKey({ exchange, answer }: ReadExchange): AnswerFlaw {
  const subsystem = subsystemOf(exchange.call);
  if (exchange.status !== 200 || subsystem === undefined) return undefined;
  const right = failureKey[subsystem];
  const wrong = right === "Err" ? "Error" : "Err";
  const fields = (answer ?? {}) as Record<string, unknown>;
  if (!fields[wrong] || fields[right]) return undefined;
  return {
    requirement: subsystem === "NetworkDriver" ? "CNM-5" : "CNM-17",
    expected: `a failure of ${exchange.call} under the key ${right}`,
    got: `the key ${wrong}, which the engine does not read: ${cut(exchange.answer?.trim() ?? "")}`,
  };
}

/** CNM-5: a failure is said in JSON, in a message that names a value of the request or the kind of thing that is wrong. */
function checkMessage({ exchange, name, request, answer, message }: ReadExchange): AnswerFlaw {
  if (message === undefined || request === undefined || name === undefined) return undefined;
  if (!(calls[name].request as z.ZodType).safeParse(request).success) return undefined;
  if (subsystemOf(name) !== "NetworkDriver" || /^4/.test(String(exchange.status))) return undefined;
  if (exchange.status !== 200 && !fieldsOf(answer)?.Err) {
    return {
      requirement: "CNM-5",
      expected: `a failure of ${name} as a JSON object with Err`,
      got: `status ${exchange.status} and ${JSON.stringify(cut(message))}`,
    };
  }
  const named = Object.values(request).some(
    (value) => typeof value === "string" && value.length >= 7 && message.includes(value.slice(0, 7)),
  );
  if (named || (nouns.test(message) && /\S\s+\S/.test(message))) return undefined;
  return {
    requirement: "CNM-5",
    expected: `a message that names what is wrong with ${exchange.call}`,
    got: JSON.stringify(cut(message)),
  };
}

/** A finding as the error that fails a test. */
export function toNonconformance(finding: RuleViolation): Nonconformance {
  return new Nonconformance({ ...finding, evidence: describeExchange(finding.exchange) });
}
