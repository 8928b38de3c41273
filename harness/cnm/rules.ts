import type { z } from "zod";
import { Nonconformance } from "#harness/errors.ts";
import type { CnmRequirementId } from "#suites/requirements/cnm.ts";
import { bare, contains, readCidr } from "./addresses.ts";
import { describeExchange, type Exchange, type ReadExchange, readExchange, subsystemOf } from "./exchange.ts";
import { readJsonValues } from "./json.ts";
import {
  type CallName,
  calls,
  cidr,
  type EndpointInterface,
  failureKey,
  ipAddress,
  type JoinResponse,
  macAddress,
  optionalCalls,
  type ResponseOf,
  type StaticRoute,
} from "./protocol.ts";

/** A rule that one exchange broke. */
export interface Finding {
  readonly requirement: CnmRequirementId;
  /** Name of the plugin. */
  readonly who: string;
  readonly expected: string;
  readonly got: string;
  readonly exchange: Exchange;
}

type Verdict = Pick<Finding, "requirement" | "expected" | "got"> | undefined;
type Verdicts = Verdict | readonly Verdict[];

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
  /network|endpoint|sandbox|pool|subnet|address|gateway|interface|option|scope|vlan|tag|id\b|tenant|group|cidr|exhaust/i;

/**
 * Everything that is wrong with one exchange by itself, in the terms of the requirements.
 * Pure; used by the tier and by the proxy. What needs the history of a plugin is in `conversation.ts`.
 */
export function checkExchange(exchange: Exchange): Finding[] {
  if (exchange.answer === null || exchange.injected !== undefined) return [];
  const read = readExchange(exchange);
  const verdicts: Verdict[] = [
    checkDecoding(read),
    checkMethod(read),
    checkOneObject(read),
    checkFailureKey(read),
    checkMessage(read),
    ...list(checkAnswer(read)),
  ];
  return verdicts.flatMap((verdict) => (verdict ? [{ ...verdict, who: exchange.plugin, exchange }] : []));
}

/** CNM-3: what is no JSON must not be answered with 200; what has the wrong types must not succeed. */
function checkDecoding({ exchange, name, succeeded }: ReadExchange): Verdict {
  const { values, rest } = readJsonValues(exchange.request);
  if (rest !== "" || values.length > 1) {
    if (exchange.status !== 200 || name === undefined) return undefined;
    return {
      requirement: "CNM-3",
      expected: "status 4xx or 5xx for a body that is no JSON",
      got: `status 200 and ${exchange.answer?.trim()}`,
    };
  }
  if (!succeeded || name === undefined || values.length === 0) return undefined;
  const parsed = (calls[name].request as z.ZodType).safeParse(values[0]);
  if (parsed.success) return undefined;
  return {
    requirement: "CNM-3",
    expected: `a refusal of a body whose ${describeIssues(parsed.error)}`,
    got: `status 200 and ${exchange.answer?.trim()}`,
  };
}

/** CNM-4: exactly the unknown methods are 404. */
function checkMethod({ exchange, name }: ReadExchange): Verdict {
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
function checkOneObject({ exchange, name }: ReadExchange): Verdict {
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
    got: `${what}: ${exchange.answer?.trim()}`,
  };
}

/** CNM-5 and CNM-17: with status 200 each subsystem's failures have a key of their own, and the engine reads no other. */
function checkFailureKey({ exchange, answer }: ReadExchange): Verdict {
  const subsystem = subsystemOf(exchange.call);
  if (exchange.status !== 200 || subsystem === undefined) return undefined;
  const right = failureKey[subsystem];
  const wrong = right === "Err" ? "Error" : "Err";
  const fields = (answer ?? {}) as Record<string, unknown>;
  if (!fields[wrong] || fields[right]) return undefined;
  return {
    requirement: subsystem === "NetworkDriver" ? "CNM-5" : "CNM-17",
    expected: `a failure of ${exchange.call} under the key ${right}`,
    got: `the key ${wrong}, which the engine does not read: ${exchange.answer?.trim()}`,
  };
}

/** CNM-5: a message that helps names a value of the request or the kind of thing that is wrong. */
function checkMessage({ exchange, request, message }: ReadExchange): Verdict {
  if (message === undefined || request === undefined || subsystemOf(exchange.call) !== "NetworkDriver")
    return undefined;
  const named = Object.values(request).some(
    (value) => typeof value === "string" && value.length >= 7 && message.includes(value.slice(0, 7)),
  );
  if (named || (nouns.test(message) && /\S\s+\S/.test(message))) return undefined;
  return {
    requirement: "CNM-5",
    expected: `a message that names what is wrong with ${exchange.call}`,
    got: JSON.stringify(message),
  };
}

/** Schema of the answer, and after it the rules of the single calls. */
function checkAnswer(read: ReadExchange): Verdicts {
  const { exchange, name, answer, succeeded } = read;
  if (!succeeded || name === undefined) return undefined;
  const shape = (calls[name].response as z.ZodType).safeParse(answer ?? {});
  if (!shape.success) {
    return {
      requirement: shapeRequirements[name] ?? "CNM-5c",
      expected: `an answer to ${name} in the protocol's form`,
      got: `${describeIssues(shape.error)}: ${exchange.answer?.trim()}`,
    };
  }
  const rule = answerRules[name] as ((answer: unknown, read: ReadExchange) => Verdicts) | undefined;
  return rule?.(shape.data, read);
}

/** Which requirement an answer of the wrong form breaks. */
const shapeRequirements: Partial<Record<CallName, CnmRequirementId>> = {
  "Plugin.Activate": "CNM-1",
  "NetworkDriver.GetCapabilities": "CNM-2",
  "NetworkDriver.GwAllocCheck": "CNM-7",
  "NetworkDriver.AllocateNetwork": "CNM-6",
  "NetworkDriver.CreateEndpoint": "CNM-9",
  "NetworkDriver.Join": "CNM-11",
  "NetworkDriver.EndpointOperInfo": "CNM-14",
  "IpamDriver.GetDefaultAddressSpaces": "CNM-28",
  "IpamDriver.RequestAddress": "CNM-21",
};

const answerRules: { [Name in CallName]?: (answer: ResponseOf<Name>, read: ReadExchange) => Verdicts } = {
  "Plugin.Activate": ({ Implements }) =>
    Implements.some((subsystem) => subsystem === "NetworkDriver" || subsystem === "IpamDriver")
      ? undefined
      : {
          requirement: "CNM-1",
          expected: "Implements to list NetworkDriver or IpamDriver",
          got: JSON.stringify(Implements),
        },

  "NetworkDriver.GetCapabilities": ({ Scope, ConnectivityScope }) => [
    scopeVerdict("Scope", Scope),
    ConnectivityScope ? scopeVerdict("ConnectivityScope", ConnectivityScope) : undefined,
  ],

  "NetworkDriver.CreateEndpoint": (answer, { request }) => {
    const given = (request?.Interface ?? {}) as EndpointInterface;
    const returned = answer.Interface ?? {};
    return (["Address", "AddressIPv6", "MacAddress"] as const).flatMap((field) => {
      const value = returned[field];
      if (!value) return [];
      const form = field === "MacAddress" ? macAddress : cidr;
      return [
        given[field]
          ? {
              requirement: "CNM-8" as const,
              expected: `no ${field} in the answer, the engine had set ${given[field]}`,
              got: `${field} ${value}`,
            }
          : undefined,
        form.safeParse(value).success
          ? undefined
          : {
              requirement: "CNM-9" as const,
              expected: `${field} to be ${field === "MacAddress" ? "a MAC such as 02:42:0a:01:00:07" : "a CIDR such as 10.1.0.7/24"}`,
              got: JSON.stringify(value),
            },
      ];
    });
  },

  "NetworkDriver.Join": (answer) => [
    answer.InterfaceName?.SrcName && !answer.InterfaceName.DstPrefix
      ? {
          requirement: "CNM-10",
          expected: "a DstPrefix beside SrcName",
          got: JSON.stringify(answer.InterfaceName),
        }
      : undefined,
    ...checkGateways(answer),
    ...(answer.StaticRoutes ?? []).map(checkRoute),
  ],

  "IpamDriver.GetDefaultAddressSpaces": (answer) =>
    (["LocalDefaultAddressSpace", "GlobalDefaultAddressSpace"] as const).map((field) =>
      answer[field]
        ? undefined
        : {
            requirement: "CNM-28" as const,
            expected: `a name in ${field}`,
            got: JSON.stringify(answer[field] ?? null),
          },
    ),

  "IpamDriver.RequestPool": (answer, { request = {} }) => {
    const pool = readCidr(answer.Pool);
    return [
      request.SubPool && !request.Pool
        ? {
            requirement: "CNM-19",
            expected: `a SubPool (${request.SubPool}) without a Pool to be refused`,
            got: `pool ${answer.Pool}`,
          }
        : undefined,
      answer.PoolID
        ? undefined
        : { requirement: "CNM-18", expected: "a PoolID", got: JSON.stringify(answer.PoolID ?? null) },
      pool
        ? undefined
        : { requirement: "CNM-18", expected: "Pool to be a CIDR", got: JSON.stringify(answer.Pool ?? null) },
      pool && !request.Pool && pool.family !== (request.V6 ? 6 : 4)
        ? {
            requirement: "CNM-20",
            expected: `an IPv${request.V6 ? 6 : 4} pool, as V6 is ${Boolean(request.V6)}`,
            got: String(answer.Pool),
          }
        : undefined,
    ];
  },

  "IpamDriver.RequestAddress": (answer, { request = {} }) => {
    const wanted = typeof request.Address === "string" ? request.Address : "";
    return [
      readCidr(answer.Address)
        ? undefined
        : {
            requirement: "CNM-21",
            expected: "Address to be a CIDR such as 10.1.0.7/24",
            got: JSON.stringify(answer.Address ?? null),
          },
      wanted && answer.Address && bare(answer.Address) !== bare(wanted)
        ? { requirement: "CNM-22", expected: `${wanted} or a refusal`, got: answer.Address }
        : undefined,
    ];
  },
};

function scopeVerdict(field: string, value: string | null | undefined): Verdict {
  if (value === "local" || value === "global") return undefined;
  return {
    requirement: "CNM-2",
    expected: `${field} to be "local" or "global"`,
    got: JSON.stringify(value ?? null),
  };
}

function checkGateways(answer: JoinResponse): Verdict[] {
  return (["Gateway", "GatewayIPv6"] as const).map((field) =>
    !answer[field] || ipAddress.safeParse(answer[field]).success
      ? undefined
      : {
          requirement: "CNM-11",
          expected: `${field} to be an address without prefix`,
          got: JSON.stringify(answer[field]),
        },
  );
}

function checkRoute(route: StaticRoute): Verdict {
  const problem = !cidr.safeParse(route.Destination).success
    ? "a Destination that is a CIDR"
    : route.NextHop && !ipAddress.safeParse(route.NextHop).success
      ? "a NextHop that is an address"
      : (route.RouteType ?? 0) === 0 && !route.NextHop
        ? "a NextHop for RouteType 0"
        : route.RouteType === 1 && route.NextHop
          ? "no NextHop for RouteType 1"
          : ![0, 1, undefined, null].includes(route.RouteType)
            ? "RouteType 0 or 1"
            : undefined;
  return problem ? { requirement: "CNM-11", expected: problem, got: JSON.stringify(route) } : undefined;
}

/**
 * CNM-12: a gateway that the endpoint reaches directly lies in its own subnet or in that of a connected route.
 * `address` is the endpoint's CIDR.
 */
export function gatewayIsReachable(answer: JoinResponse, address: string): boolean {
  if (!answer.Gateway) return true;
  const gateway = bare(answer.Gateway);
  const connected = (answer.StaticRoutes ?? []).filter((route) => route.RouteType === 1);
  return [address, ...connected.map((route) => route.Destination ?? "")].some((net) =>
    contains(net, gateway),
  );
}

/** A finding as the error that fails a test. */
export function toNonconformance(finding: Finding): Nonconformance {
  return new Nonconformance({ ...finding, evidence: describeExchange(finding.exchange) });
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.join(".") || "body"} is wrong (${issue.message})`)
    .join(", ");
}

function list(verdicts: Verdicts): readonly Verdict[] {
  return Array.isArray(verdicts) ? verdicts : [verdicts as Verdict];
}
