import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { shortMs } from "#drivers/reference/faults/churn/short-networks.ts";
import { SlowerWithEach } from "#drivers/reference/faults/churn/slower.ts";
import { momentMs } from "#drivers/reference/faults/policy/moments.ts";
import type { CnmFaultName } from "#drivers/reference/faults/tables/cnm.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import type { Handlers } from "#drivers/reference/protocol/server.ts";
import { genericOptionsKey, type RequestOf } from "#harness/cnm/protocol/protocol.ts";
import type { ProtocolFaultContext } from "./context.ts";
import { faultyIpamHandlers, withNetworkOf } from "./ipam-handlers.ts";

const rollBackMs = 1_000;

/** Handlers that do what the faults that are on say, and what the honest ones do otherwise. */
export function faultyHandlers(context: ProtocolFaultContext): Handlers {
  const { handlers: honest, faults, model } = context;
  const on = (fault: CnmFaultName) => faults.has(fault);
  const onNetwork = (fault: ReferenceFaultName) => faults.has(fault);
  const undeleted = new Set<string>();
  const deleted = new Set<string>();
  const keptSubnets = new Map<string, string>();
  const joinedAt = new Map<string, number>();
  const leftUnjoined = new Set<string>();
  const programmed = new Set<string>();
  const madeAt = new Map<string, number>();
  const slower = new SlowerWithEach(faults);
  let sawShortNetwork = false;
  const refuseAfterShortNetwork = () => {
    if (onNetwork("nothing-made-after-a-short-network") && sawShortNetwork) {
      throw new Refusal("could not find the tag of a network");
    }
  };

  return {
    ...honest,
    ...faultyIpamHandlers(context),

    "Plugin.Activate": async (request) => {
      if (on("pools-forgotten")) {
        model.change(({ state }) => {
          for (const key of Object.keys(state.pools)) delete state.pools[key];
        });
      }
      return on("activate-lists-nothing")
        ? ({} as { Implements: string[] })
        : honest["Plugin.Activate"](request);
    },

    "NetworkDriver.GetCapabilities": async (request) => {
      const answer = {
        ...(await honest["NetworkDriver.GetCapabilities"](request)),
        ...(on("allocate-network-missing") ? { Scope: "global" } : {}),
        ...(on("gateway-check-missing") ? { GwAllocChecker: true } : {}),
      };
      return on("scope-in-capitals") ? { ...answer, Scope: answer.Scope?.toUpperCase() } : answer;
    },

    "NetworkDriver.CreateNetwork": async (request) => {
      const subnet = request.IPv4Data?.[0]?.Pool ?? "";
      refuseAfterShortNetwork();
      madeAt.set(request.NetworkID, Date.now());
      if (on("subnet-stays-after-delete") && [...keptSubnets.values()].includes(subnet)) {
        throw new Refusal(`subnet ${subnet} is in use`);
      }
      const isTaken = onNetwork("group-found-by-an-id") && isNamedLikeAnId(model, request);
      const asked = isTaken ? withoutGroup(request) : request;
      return honest["NetworkDriver.CreateNetwork"](asked).catch((error: unknown) => {
        // On the other nodes the network is there already, with that tag.
        if (!onNetwork("tag-replaced") || !(error instanceof Refusal)) throw error;
        return honest["NetworkDriver.CreateNetwork"](withAnotherTag(request));
      });
    },

    "NetworkDriver.DeleteNetwork": async (request) => {
      const id = request.NetworkID;
      refuseSecond(on, deleted, id);
      const isInUse = Object.values(model.state.endpoints).some(({ engineNetwork }) => engineNetwork === id);
      if (onNetwork("unremoved-endpoint-keeps-network") && isInUse) {
        throw new Refusal(`network ${id} has active endpoints`);
      }
      sawShortNetwork ||= Date.now() - (madeAt.get(id) ?? 0) < shortMs;
      const network = model.state.networks[model.state.engineNetworks[id]?.network ?? ""];
      const answer = await honest["NetworkDriver.DeleteNetwork"](request);
      if (on("subnet-stays-after-delete") && network) keptSubnets.set(id, network.subnet);
      deleted.add(id);
      return answer;
    },

    "NetworkDriver.CreateEndpoint": async (request) => {
      const { EndpointID, Interface } = request;
      refuseAfterShortNetwork();
      await slower.turn();
      if (on("endpoint-stays-after-delete") && undeleted.has(EndpointID)) {
        throw new Refusal(`endpoint ${EndpointID} exists already`);
      }
      const answer = await honest["NetworkDriver.CreateEndpoint"](
        onNetwork("group-outside-its-network") ? insideNetwork(model, request) : request,
      );
      deleted.delete(EndpointID);
      if (on("interface-repeated"))
        return { Interface: { ...answer.Interface, ...withoutEmpty(Interface ?? {}) } };
      if (on("mac-unparsable") && answer.Interface?.MacAddress) {
        return { Interface: { MacAddress: answer.Interface.MacAddress.replaceAll(":", "") } };
      }
      return answer;
    },

    "NetworkDriver.DeleteEndpoint": async (request) => {
      refuseSecond(on, deleted, request.EndpointID);
      if (on("left-endpoint-kept") && leftUnjoined.has(request.EndpointID)) {
        throw new Refusal(`endpoint ${request.EndpointID} is busy`);
      }
      if (onNetwork("endpoint-busy-until-it-leaves") && joinedAt.has(request.EndpointID)) {
        throw new Refusal(`endpoint ${request.EndpointID} is busy`);
      }
      if (on("endpoint-stays-after-delete")) undeleted.add(request.EndpointID);
      const answer = await honest["NetworkDriver.DeleteEndpoint"](request);
      deleted.add(request.EndpointID);
      slower.went();
      return answer;
    },

    "NetworkDriver.EndpointOperInfo": async (request) => {
      const answer = await honest["NetworkDriver.EndpointOperInfo"](request);
      return on("operational-info-list") ? { Value: [] as unknown as Record<string, unknown> } : answer;
    },

    "NetworkDriver.Join": async (request) => {
      const answer = await honest["NetworkDriver.Join"](request).catch(async (error: unknown) => {
        if (on("failed-join-leaves-links")) await context.leaveLinks();
        throw error;
      });
      joinedAt.set(request.EndpointID, Date.now());
      if (on("source-interface-missing"))
        return { ...answer, InterfaceName: { SrcName: "nonesuch0", DstPrefix: "eth" } };
      if (onNetwork("gateway-taken-over"))
        return { ...answer, Gateway: gatewayOf(model, request.EndpointID) };
      if (on("gateway-with-prefix")) return { ...answer, Gateway: "10.1.0.1/24" };
      if (on("gateway-out-of-reach")) return { ...answer, Gateway: "192.0.2.1" };
      return answer;
    },

    "NetworkDriver.Leave": async (request) => {
      const joined = joinedAt.get(request.EndpointID);
      joinedAt.delete(request.EndpointID);
      if (joined === undefined) leftUnjoined.add(request.EndpointID);
      if (on("leave-after-join-fails") && joined !== undefined && Date.now() - joined < rollBackMs) {
        throw new Refusal(`endpoint ${request.EndpointID} is busy`);
      }
      const answer = await honest["NetworkDriver.Leave"](request);
      // The engine takes the interface away itself once it has the answer.
      if (onNetwork("rules-go-before-interface")) await delay(momentMs);
      return answer;
    },

    "NetworkDriver.ProgramExternalConnectivity": async (request) => {
      if (on("ports-programmed-once") && programmed.has(request.EndpointID)) {
        throw new Refusal(`endpoint ${request.EndpointID} has its ports already`);
      }
      programmed.add(request.EndpointID);
      return honest["NetworkDriver.ProgramExternalConnectivity"](request);
    },

    "NetworkDriver.RevokeExternalConnectivity": async (request) => {
      programmed.delete(request.EndpointID);
      return honest["NetworkDriver.RevokeExternalConnectivity"](request);
    },
  };
}

/**
 * The request with the address moved into the subnet, since the plugin without faults refuses one outside of
 * it.
 */
function insideNetwork(
  { state }: Model,
  request: RequestOf<"NetworkDriver.CreateEndpoint">,
): RequestOf<"NetworkDriver.CreateEndpoint"> {
  const { subnet = "" } = state.networks[state.engineNetworks[request.NetworkID]?.network ?? ""] ?? {};
  const { Interface } = request;
  if (!Interface?.Address) return request;
  return { ...request, Interface: { ...Interface, Address: withNetworkOf(subnet, Interface.Address) } };
}

function gatewayOf({ state }: Model, endpoint: string): string {
  return state.networks[state.endpoints[endpoint]?.network ?? ""]?.gateway ?? "";
}

function refuseSecond(on: (fault: CnmFaultName) => boolean, deleted: ReadonlySet<string>, id: string): void {
  if (on("second-delete-fails") && deleted.has(id)) throw new Refusal(`"${id}" is unknown`);
}

function withoutEmpty<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value)) as Partial<T>;
}

/** The same network asks for the same other tag on every node, and no two for one. */
function withAnotherTag(request: RequestOf<"NetworkDriver.CreateNetwork">): typeof request {
  const [, second = 0, third = 0] = (request.IPv4Data?.[0]?.Pool ?? "").split(".").map(Number);
  const generic = genericOptions.parse(request.Options?.[genericOptionsKey]);
  return {
    ...request,
    Options: {
      ...request.Options,
      [genericOptionsKey]: { ...generic, tag: String(1_000 + ((second * 256 + third) % 3_000)) },
    },
  };
}

const genericOptions = z.looseObject({ tag: z.string() });

type NetworkRequest = RequestOf<"NetworkDriver.CreateNetwork">;

/** Whether the request is for a group whose name begins the id of an engine's network. */
function isNamedLikeAnId({ state }: Model, request: NetworkRequest): boolean {
  const { group } = groupOptions.parse(request.Options?.[genericOptionsKey] ?? {});
  return group !== undefined && Object.keys(state.engineNetworks).some((id) => id.startsWith(group));
}

function withoutGroup(request: NetworkRequest): NetworkRequest {
  const { group: _, ...generic } = groupOptions.parse(request.Options?.[genericOptionsKey] ?? {});
  return { ...request, Options: { ...request.Options, [genericOptionsKey]: generic } };
}

const groupOptions = z.looseObject({ group: z.string().optional() });
