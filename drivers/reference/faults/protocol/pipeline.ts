import type { CnmFaultName } from "#drivers/reference/faults/tables/cnm.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import { honestPipeline, json, type Pipeline, type WireAnswer } from "#drivers/reference/protocol/server.ts";
import { type CallName, calls, isCallName } from "#harness/cnm/protocol/protocol.ts";
import type { ProtocolFaultContext } from "./context.ts";
import { faultyHandlers } from "./handlers.ts";

type Fields = Record<string, unknown>;

/**
 * A pipeline that breaks the protocol as the faults that are on say, and is the honest one while none is. What a
 * fault does is described in the table of protocol faults; faults that change what a call does are in `handlers.ts`.
 */
export function faultyPipeline(honest: Pipeline, context: ProtocolFaultContext): Pipeline {
  const on = (fault: CnmFaultName | ReferenceFaultName) => context.faults.has(fault);
  const broken = honestPipeline(faultyHandlers(context));
  let bodies: Promise<unknown> = Promise.resolve();

  return {
    admit: async (body) => {
      if (!on("one-client-at-a-time")) return honest.admit(body);
      const earlier = bodies;
      bodies = Promise.allSettled([earlier, body]);
      await earlier;
    },
    answer: async (path, body) => {
      if (context.faults.size === 0) return honest.answer(path, body);
      if (on("unknown-method-accepted") && !isCallName(path)) return json(200, {});
      if (on("malformed-json-accepted") && !parses(body)) return json(200, {});
      if (on("wrong-types-accepted") && isCallName(path) && !fits(path, body)) return json(200, {});
      if (on("allocate-network-missing") && /AllocateNetwork|FreeNetwork/.test(path)) return json(404, {});
      if (on("gateway-check-missing") && path.endsWith("GwAllocCheck")) return json(404, {});
      if (
        on("published-ports-refused") &&
        path.endsWith("ProgramExternalConnectivity") &&
        /Port/.test(body)
      ) {
        return json(500, { Err: "ports cannot be published" });
      }
      if (isUnknownEndpoint(context.model, path, body)) {
        if (on("hang-on-unknown-id")) return never();
        if (on("connection-cut-on-unknown-id")) return undefined;
      }
      if (on("network-without-ipv4-cut") && path.endsWith(".CreateNetwork") && hasIpv6Alone(body))
        return undefined;
      if (on("engine-asked-in-handler") && path.endsWith("DiscoverNew")) return never();
      const answer = await broken.answer(path, body);
      return answer && breakFailure(path, body, answer, on);
    },
  };
}

/** Faults in how a failure is reported. */
function breakFailure(
  path: string,
  body: string,
  answer: WireAnswer,
  on: (fault: CnmFaultName | ReferenceFaultName) => boolean,
): WireAnswer {
  const fields = JSON.parse(answer.body) as Fields;
  const { Err, Error: ipamError } = fields;
  if (answer.status !== 200 || (!Err && !ipamError)) return answer;
  if (on("ipam-failure-under-err") && ipamError) return json(200, { Err: ipamError });
  if (on("exhausted-silently") && path.endsWith("RequestAddress") && /exhausted/.test(String(ipamError))) {
    return json(200, {});
  }
  if (on("subnet-refused-without-name") && ipamError) {
    return json(200, { Error: "the request cannot be met" });
  }
  if (on("tag-refused-without-name") && path.endsWith("CreateNetwork")) {
    return json(200, { Err: "the network cannot be made" });
  }
  if (!path.startsWith("NetworkDriver.")) return answer;
  if (on("network-failure-under-error")) return json(200, { Error: Err });
  if (on("failure-without-message")) return json(200, { Err: "error" });
  if (on("two-json-objects")) return { ...answer, body: `${answer.body}{}` };
  if (on("message-repeats-options") && path.endsWith("CreateNetwork")) {
    const { Options } = JSON.parse(body) as Fields;
    return json(200, { Err: `${Err}: ${JSON.stringify(Options)}` });
  }
  return answer;
}

function isUnknownEndpoint(model: Model, path: string, body: string): boolean {
  if (!/(EndpointOperInfo|Join|Leave)$/.test(path) || !parses(body)) return false;
  const { EndpointID } = JSON.parse(body || "{}") as Fields;
  return model.state.endpoints[String(EndpointID)] === undefined;
}

function hasIpv6Alone(body: string): boolean {
  if (!parses(body)) return false;
  const { IPv4Data, IPv6Data } = JSON.parse(body || "{}") as Fields;
  const holds = (data: unknown) => Array.isArray(data) && data.length > 0;
  return holds(IPv6Data) && !holds(IPv4Data);
}

function parses(body: string): boolean {
  try {
    JSON.parse(body || "{}");
    return true;
  } catch {
    return false;
  }
}

function fits(path: CallName, body: string): boolean {
  return !parses(body) || calls[path].request.safeParse(JSON.parse(body || "{}")).success;
}

function never(): Promise<never> {
  return new Promise(() => {});
}
