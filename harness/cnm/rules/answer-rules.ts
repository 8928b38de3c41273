import type { z } from "zod";
import { cut, type ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import {
  type CallName,
  calls,
  cidr,
  type EndpointInterface,
  ipAddress,
  type JoinResponse,
  macAddress,
  type ResponseOf,
  type StaticRoute,
} from "#harness/cnm/protocol/protocol.ts";
import { bareAddress, contains, familyOf, isAddress, isCidr } from "#harness/core/ip.ts";
import type { CnmRequirementId } from "#suites/requirements/rules/cnm.ts";

/** What a rule says of an answer; nothing when it holds. */
export type AnswerFlaw = { requirement: CnmRequirementId; expected: string; got: string } | undefined;
type Verdicts = AnswerFlaw | readonly AnswerFlaw[];

/** Schema of the answer, and after it the rules of the single calls. */
export function checkAnswer(read: ReadExchange): readonly AnswerFlaw[] {
  const { exchange, name, answer, succeeded } = read;
  if (!succeeded || name === undefined) return [];
  const shape = (calls[name].response as z.ZodType).safeParse(answer ?? {});
  if (!shape.success) {
    return [
      {
        requirement: shapeRequirements[name] ?? "CNM-5c",
        expected: `an answer to ${name} in the protocol's form`,
        got: `${describeIssues(shape.error)}: ${cut(exchange.answer?.trim() ?? "")}`,
      },
    ];
  }
  const rule = answerRules[name] as ((answer: unknown, read: ReadExchange) => Verdicts) | undefined;
  return list(rule?.(shape.data, read));
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
          got: shown(Implements),
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
              got: shown(value),
            },
      ];
    });
  },

  "NetworkDriver.Join": (answer) => [
    answer.InterfaceName?.SrcName && !answer.InterfaceName.DstPrefix
      ? {
          requirement: "CNM-10",
          expected: "a DstPrefix beside SrcName",
          got: shown(answer.InterfaceName),
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
            got: shown(answer[field]),
          },
    ),

  "IpamDriver.RequestPool": (answer, { request = {} }) => {
    const pool = isCidr(answer.Pool) ? answer.Pool : undefined;
    return [
      request.SubPool && !request.Pool
        ? {
            requirement: "CNM-19",
            expected: `a SubPool (${request.SubPool}) without a Pool to be refused`,
            got: `pool ${answer.Pool}`,
          }
        : undefined,
      answer.PoolID ? undefined : { requirement: "CNM-18", expected: "a PoolID", got: shown(answer.PoolID) },
      pool ? undefined : { requirement: "CNM-18", expected: "Pool to be a CIDR", got: shown(answer.Pool) },
      pool && !request.Pool && familyOf(pool) !== (request.V6 ? 6 : 4)
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
      isCidr(answer.Address)
        ? undefined
        : {
            requirement: "CNM-21",
            expected: "Address to be a CIDR such as 10.1.0.7/24",
            got: shown(answer.Address),
          },
      wanted && answer.Address && bareAddress(answer.Address) !== bareAddress(wanted)
        ? { requirement: "CNM-22", expected: `${wanted} or a refusal`, got: answer.Address }
        : undefined,
    ];
  },
};

function scopeVerdict(field: string, value: string | null | undefined): AnswerFlaw {
  if (value === "local" || value === "global") return undefined;
  return {
    requirement: "CNM-2",
    expected: `${field} to be "local" or "global"`,
    got: shown(value),
  };
}

function checkGateways(answer: JoinResponse): AnswerFlaw[] {
  return (["Gateway", "GatewayIPv6"] as const).map((field) =>
    !answer[field] || ipAddress.safeParse(answer[field]).success
      ? undefined
      : {
          requirement: "CNM-11",
          expected: `${field} to be an address without prefix`,
          got: shown(answer[field]),
        },
  );
}

function checkRoute(route: StaticRoute): AnswerFlaw {
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
  return problem ? { requirement: "CNM-11", expected: problem, got: shown(route) } : undefined;
}

/**
 * CNM-12: a gateway that the endpoint reaches directly lies in its own subnet or in that of a connected route.
 * `given` is the answer to Join, `address` the endpoint's CIDR. False for an answer that is none.
 */
export function gatewayIsReachable(given: unknown, address: string): boolean {
  const { success, data: answer } = calls["NetworkDriver.Join"].response.safeParse(given ?? {});
  if (!success) return false;
  if (!answer.Gateway) return true;
  const gateway = bareAddress(answer.Gateway);
  const connected = (answer.StaticRoutes ?? []).filter((route) => route.RouteType === 1);
  return [address, ...connected.map((route) => route.Destination ?? "")].some(
    (net) => isCidr(net) && isAddress(gateway) && contains(net, gateway),
  );
}

/** What a schema found wrong, in one line. */
export function describeIssues({ issues }: z.ZodError, most = 5): string {
  const told = issues
    .slice(0, most)
    .map((issue) => `${issue.path.map(String).join(".") || "body"} is wrong (${issue.message})`);
  return [...told, ...(issues.length > most ? [`and ${issues.length - most} more`] : [])].join(", ");
}

/** A value of the plugin's as messages show it. */
function shown(value: unknown): string {
  return cut(JSON.stringify(value ?? null));
}

function list(verdicts: Verdicts): readonly AnswerFlaw[] {
  return Array.isArray(verdicts) ? verdicts : [verdicts as AnswerFlaw];
}
