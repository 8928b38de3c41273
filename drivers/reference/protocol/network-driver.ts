import type { Fabric } from "#drivers/reference/dataplane/fabric.ts";
import { innerDevice } from "#drivers/reference/dataplane/plan/devices.ts";
import { readCidr } from "#drivers/reference/model/addresses.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import type { NetworkRequest } from "#drivers/reference/model/networks.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import {
  type CreateNetworkRequest,
  genericOptionsKey,
  type IpamData,
} from "#harness/cnm/protocol/protocol.ts";
import type { Handlers } from "./server.ts";

type NetworkCalls = Extract<keyof Handlers, `NetworkDriver.${string}`>;

/** What GetCapabilities says. Engines give global scope to a plugin with a cluster store or in a swarm only. */
export interface Declaration {
  readonly scope?: "local" | "global";
  readonly gwAllocChecker?: boolean;
}

/** Networks of one node's engine. Scope is local: an engine knows its own networks, the plugin joins those that belong together. */
export function networkHandlers(
  model: Model,
  fabric: Fabric,
  node: string,
  { scope = "local", gwAllocChecker = false }: Declaration = {},
): Pick<Handlers, NetworkCalls> {
  return {
    "NetworkDriver.GetCapabilities": async () => ({
      Scope: scope,
      ConnectivityScope: "global",
      ...(gwAllocChecker ? { GwAllocChecker: true } : {}),
    }),
    "NetworkDriver.GwAllocCheck": async () => ({ SkipIPv4: false, SkipIPv6: false }),
    "NetworkDriver.AllocateNetwork": async () => ({ Options: {} }),
    "NetworkDriver.FreeNetwork": async () => ({}),

    "NetworkDriver.CreateNetwork": async (request) => {
      const existed = Object.hasOwn(model.state.engineNetworks, request.NetworkID);
      model.change(({ networks }) => networks.attach(readNetwork(request, node)));
      try {
        await fabric.sync(node);
      } catch (error) {
        if (!existed) model.change(({ networks }) => networks.detach(request.NetworkID));
        await fabric.sync(node).catch(() => {});
        throw error;
      }
      return {};
    },

    "NetworkDriver.DeleteNetwork": async ({ NetworkID }) => {
      model.change(({ networks }) => networks.detach(NetworkID));
      await fabric.sync(node);
      return {};
    },

    "NetworkDriver.CreateEndpoint": async ({ NetworkID, EndpointID, Interface }) => {
      const mac = Interface?.MacAddress || undefined;
      // The nodes learn of it with Join, before the container can send its first packet.
      const { mac: chosen } = model.change(({ networks }) =>
        networks.createEndpoint({
          id: EndpointID,
          node,
          engineNetwork: NetworkID,
          ipv4: Interface?.Address ?? "",
          ...(Interface?.AddressIPv6 ? { ipv6: Interface.AddressIPv6 } : {}),
          ...(mac ? { mac } : {}),
        }),
      );
      return { Interface: mac ? {} : { MacAddress: chosen } };
    },

    "NetworkDriver.EndpointOperInfo": async ({ NetworkID, EndpointID }) => {
      const endpoint = model.change(({ networks }) => networks.endpoint(NetworkID, EndpointID));
      const { encap, tag } = model.state.networks[endpoint.network]!;
      return { Value: { network: endpoint.network, encap, tag, node: endpoint.node } };
    },

    "NetworkDriver.DeleteEndpoint": async ({ EndpointID }) => {
      model.change(({ networks }) => networks.deleteEndpoint(EndpointID));
      await fabric.sync(node);
      return {};
    },

    "NetworkDriver.Join": async ({ NetworkID, EndpointID, SandboxKey }) => {
      const endpoint = model.change(({ networks }) => networks.join(NetworkID, EndpointID, SandboxKey));
      try {
        await fabric.sync(node);
      } catch (error) {
        model.change(({ networks }) => networks.leave(NetworkID, EndpointID));
        await fabric.sync(node).catch(() => {});
        throw error;
      }
      const { encap, resolver, gateway, gateway6 } = model.state.networks[endpoint.network]!;
      const InterfaceName = { SrcName: innerDevice(EndpointID), DstPrefix: "eth" };
      if (encap === "routed")
        return { InterfaceName, Gateway: gateway, ...(gateway6 ? { GatewayIPv6: gateway6 } : {}) };
      // No gateway: the engine then gives the container its egress, and published ports, on docker_gwbridge.
      return {
        InterfaceName,
        StaticRoutes: [{ Destination: `${resolver}/32`, RouteType: 1 }],
      };
    },

    "NetworkDriver.Leave": async ({ NetworkID, EndpointID }) => {
      model.change(({ networks }) => networks.leave(NetworkID, EndpointID));
      await fabric.sync(node);
      return {};
    },

    // Ports are published by docker_gwbridge; an engine asks only the driver that gives the gateway.
    "NetworkDriver.ProgramExternalConnectivity": async () => ({}),
    "NetworkDriver.RevokeExternalConnectivity": async () => ({}),
    "NetworkDriver.DiscoverNew": async () => ({}),
    "NetworkDriver.DiscoverDelete": async () => ({}),
  };
}

function readNetwork(request: CreateNetworkRequest, node: string): NetworkRequest {
  const [ipv4, second] = request.IPv4Data ?? [];
  const [ipv6] = request.IPv6Data ?? [];
  if (!ipv4?.Pool) throw new Refusal(`network ${request.NetworkID} has no IPv4 subnet`);
  if (second)
    throw new Refusal(
      `network ${request.NetworkID} has a second IPv4 subnet ${second.Pool}; one is supported`,
    );
  return {
    id: request.NetworkID,
    node,
    ipv4: { subnet: ipv4.Pool, gateway: gatewayOf(ipv4) },
    ...(ipv6?.Pool ? { ipv6: { subnet: ipv6.Pool, gateway: gatewayOf(ipv6) } } : {}),
    options: readOptions(request.Options?.[genericOptionsKey]),
  };
}

function gatewayOf({ Gateway }: IpamData): string {
  if (!Gateway) return "";
  readCidr(Gateway);
  return Gateway;
}

/** The user's `-o` options; all values are text. */
function readOptions(generic: unknown): Record<string, string> {
  if (generic === null || typeof generic !== "object") return {};
  return Object.fromEntries(Object.entries(generic).map(([name, value]) => [name, String(value)]));
}
