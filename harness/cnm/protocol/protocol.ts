import { z } from "zod";
import type { Subsystem } from "#suites/requirements/applicability/applies-to.ts";

/**
 * The CNM remote plugin protocol, as the engine speaks it: HTTP POST of one JSON object per call, answered by one JSON object.
 * Sources: https://github.com/moby/moby/blob/docker-v29.7.2/daemon/libnetwork/docs/remote.md (network driver),
 * https://github.com/moby/moby/blob/docker-v29.7.2/daemon/libnetwork/docs/ipam.md (IPAM driver),
 * https://docs.docker.com/engine/extend/plugin_api/ (discovery and activation).
 *
 * The schemas say which JSON types the engine's decoder accepts, no more: an address that is text but no CIDR passes
 * here and is caught by the rules (`rules.ts`). Unknown fields are let through, as both sides must.
 */

/** Value of `Accept` and `Content-Type` that engines send. Plugins must not insist on it in requests. */
export const mediaType = "application/vnd.docker.plugins.v1.2+json";

/** Key that carries a failure in an answer with status 200, per subsystem: they differ, and the engine reads only its own. */
export const failureKey = { NetworkDriver: "Err", IpamDriver: "Error" } as const satisfies Record<
  Subsystem,
  string
>;

/** Key under which the engine passes the user's `-o key=value` options in `CreateNetwork`'s Options. */
export const genericOptionsKey = "com.docker.network.generic";
/** Key in Join/CreateEndpoint/ProgramExternalConnectivity Options: list of {Proto, Port}. Proto is 6 (TCP), 17 (UDP), 132 (SCTP). */
export const exposedPortsKey = "com.docker.network.endpoint.exposedports";
/** Key in CreateEndpoint/ProgramExternalConnectivity Options: list of port bindings. */
export const portMapKey = "com.docker.network.portmap";
/**
 * Key in ProgramExternalConnectivity Options: true where another endpoint of the container has the IPv6 host ports. Always
 * sent by Docker 28, only when it is true since 29.0.
 */
export const noProxy6To4Key = "com.docker.network.driver.private.no_proxy_6to4";
/** Key in RequestAddress Options: `com.docker.network.gateway` marks the request for the network's gateway. */
export const requestAddressTypeKey = "RequestAddressType";
/** Value of `RequestAddressType` when the engine asks for the gateway of a pool. */
export const gatewayAddressType = "com.docker.network.gateway";
/** Key in RequestAddress Options: the endpoint's MAC, sent when the plugin declared `RequiresMACAddress`. */
export const macAddressKey = "com.docker.network.endpoint.macaddress";

/** Key in RequestAddress Options: the container's name, or that of another endpoint. Sent since Docker 29.0. */
export const endpointNameKey = "com.docker.network.endpoint.name";

/** IPv4 or IPv6 address with prefix length, e.g. `10.1.0.7/24`; host bits may be set. */
export const cidr = z.union([z.cidrv4(), z.cidrv6()], "an address with prefix length such as 10.1.0.7/24");
/** IPv4 or IPv6 address without prefix length. */
export const ipAddress = z.union([z.ipv4(), z.ipv6()], "an IP address such as 10.1.0.1");
/** Six bytes in hex, colons or dashes between: what becomes the MAC of an Ethernet interface. */
export const macAddress = z
  .string()
  .regex(/^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i, "a MAC address such as 02:42:0a:01:00:07");

/** The engine writes `null` for a Go map or list that was never made, and a Go decoder reads it as empty. */
const text = z.string().nullish();
const yes = z.boolean().nullish();
const anyMap = z.record(z.string(), z.unknown()).nullish();
const textMap = z.record(z.string(), z.string()).nullish();

// ---------------------------------------------------------------------------------------------------------- requests

/** Body of a call without arguments: nothing, or an empty object. */
export const emptyRequest = z.looseObject({}).nullish();

/** One pool of a network as the engine allocated it. `Pool`, `Gateway` and every value of `AuxAddresses` are CIDRs. */
export const ipamData = z.looseObject({
  AddressSpace: text,
  Pool: text,
  Gateway: text,
  AuxAddresses: textMap,
});

/** Addresses of an endpoint: `Address` and `AddressIPv6` are CIDRs; empty or absent is "not set". */
export const endpointInterface = z.looseObject({
  Address: text,
  AddressIPv6: text,
  MacAddress: text,
});

const networkRef = z.looseObject({ NetworkID: z.string() });
const endpointRef = networkRef.extend({ EndpointID: z.string() });

export const gwAllocCheckRequest = z.looseObject({ Options: anyMap });
export const allocateNetworkRequest = networkRef.extend({
  Options: textMap,
  IPv4Data: z.array(ipamData).nullish(),
  IPv6Data: z.array(ipamData).nullish(),
});
export const freeNetworkRequest = networkRef;
/** The user's `-o` options are in Options under `com.docker.network.generic`. */
export const createNetworkRequest = networkRef.extend({
  Options: anyMap,
  IPv4Data: z.array(ipamData).nullish(),
  IPv6Data: z.array(ipamData).nullish(),
});
export const deleteNetworkRequest = networkRef;
export const createEndpointRequest = endpointRef.extend({
  Interface: endpointInterface.nullish(),
  Options: anyMap,
});
export const endpointOperInfoRequest = endpointRef;
export const deleteEndpointRequest = endpointRef;
/** SandboxKey is the path of the sandbox's network namespace; the plugin must not enter it. */
export const joinRequest = endpointRef.extend({ SandboxKey: z.string(), Options: anyMap });
export const leaveRequest = endpointRef;
export const programExternalConnectivityRequest = endpointRef.extend({ Options: anyMap });
export const revokeExternalConnectivityRequest = endpointRef;
/** DiscoveryType 1 is a node. */
export const discoverRequest = z.looseObject({
  DiscoveryType: z.number().int(),
  DiscoveryData: z.looseObject({ Address: text, BindAddress: text, Self: yes }).nullish(),
});

/** Pool and SubPool are CIDRs or empty; V6 only matters when Pool is empty. */
export const requestPoolRequest = z.looseObject({
  AddressSpace: text,
  Pool: text,
  SubPool: text,
  Options: textMap,
  V6: yes,
});
export const releasePoolRequest = z.looseObject({ PoolID: z.string() });
/** Address is an IP address without prefix, or empty for any. */
export const requestAddressRequest = z.looseObject({ PoolID: z.string(), Address: text, Options: textMap });
export const releaseAddressRequest = z.looseObject({ PoolID: z.string(), Address: text });

// ----------------------------------------------------------------------------------------------------------- answers

const networkAnswer = z.looseObject({ Err: text });
const ipamAnswer = z.looseObject({ Error: text });

export const activateResponse = z.looseObject({ Implements: z.array(z.string()) });

/** Scope is `local` or `global`; ConnectivityScope takes the value of Scope when it is missing. */
export const networkCapabilitiesResponse = networkAnswer.extend({
  Scope: text,
  ConnectivityScope: text,
  GwAllocChecker: yes,
});
export const gwAllocCheckResponse = networkAnswer.extend({ SkipIPv4: yes, SkipIPv6: yes });
export const allocateNetworkResponse = networkAnswer.extend({ Options: textMap });
export const plainNetworkResponse = networkAnswer;
/** Interface carries only what the request left empty; absent or empty when the plugin sets nothing. */
export const createEndpointResponse = networkAnswer.extend({ Interface: endpointInterface.nullish() });
export const endpointOperInfoResponse = networkAnswer.extend({ Value: anyMap });
/** A route for the sandbox. RouteType 0 goes to NextHop, 1 is connected and has none. */
export const staticRoute = z.looseObject({
  Destination: text,
  RouteType: z.number().int().nullish(),
  NextHop: text,
});
/** SrcName is an interface on the host, which the engine moves into the sandbox and names DstPrefix and a number. */
export const joinResponse = networkAnswer.extend({
  InterfaceName: z.looseObject({ SrcName: text, DstPrefix: text }).nullish(),
  Gateway: text,
  GatewayIPv6: text,
  StaticRoutes: z.array(staticRoute).nullish(),
  DisableGatewayService: yes,
});

export const ipamCapabilitiesResponse = ipamAnswer.extend({
  RequiresMACAddress: yes,
  RequiresRequestReplay: yes,
});
export const addressSpacesResponse = ipamAnswer.extend({
  LocalDefaultAddressSpace: text,
  GlobalDefaultAddressSpace: text,
});
/** Pool is a CIDR. */
export const requestPoolResponse = ipamAnswer.extend({ PoolID: text, Pool: text, Data: textMap });
/** Address is a CIDR with the prefix length of the pool. */
export const requestAddressResponse = ipamAnswer.extend({ Address: text, Data: textMap });
export const plainIpamResponse = ipamAnswer;

// ------------------------------------------------------------------------------------------------------------- calls

interface Call {
  readonly subsystem: Subsystem | "Plugin";
  readonly request: z.ZodType;
  readonly response: z.ZodType;
}

/** Every call of the protocol by its path without the leading slash. */
export const calls = {
  "Plugin.Activate": { subsystem: "Plugin", request: emptyRequest, response: activateResponse },
  "NetworkDriver.GetCapabilities": network(emptyRequest, networkCapabilitiesResponse),
  "NetworkDriver.GwAllocCheck": network(gwAllocCheckRequest, gwAllocCheckResponse),
  "NetworkDriver.AllocateNetwork": network(allocateNetworkRequest, allocateNetworkResponse),
  "NetworkDriver.FreeNetwork": network(freeNetworkRequest, plainNetworkResponse),
  "NetworkDriver.CreateNetwork": network(createNetworkRequest, plainNetworkResponse),
  "NetworkDriver.DeleteNetwork": network(deleteNetworkRequest, plainNetworkResponse),
  "NetworkDriver.CreateEndpoint": network(createEndpointRequest, createEndpointResponse),
  "NetworkDriver.EndpointOperInfo": network(endpointOperInfoRequest, endpointOperInfoResponse),
  "NetworkDriver.DeleteEndpoint": network(deleteEndpointRequest, plainNetworkResponse),
  "NetworkDriver.Join": network(joinRequest, joinResponse),
  "NetworkDriver.Leave": network(leaveRequest, plainNetworkResponse),
  "NetworkDriver.ProgramExternalConnectivity": network(
    programExternalConnectivityRequest,
    plainNetworkResponse,
  ),
  "NetworkDriver.RevokeExternalConnectivity": network(
    revokeExternalConnectivityRequest,
    plainNetworkResponse,
  ),
  "NetworkDriver.DiscoverNew": network(discoverRequest, plainNetworkResponse),
  "NetworkDriver.DiscoverDelete": network(discoverRequest, plainNetworkResponse),
  "IpamDriver.GetCapabilities": ipam(emptyRequest, ipamCapabilitiesResponse),
  "IpamDriver.GetDefaultAddressSpaces": ipam(emptyRequest, addressSpacesResponse),
  "IpamDriver.RequestPool": ipam(requestPoolRequest, requestPoolResponse),
  "IpamDriver.ReleasePool": ipam(releasePoolRequest, plainIpamResponse),
  "IpamDriver.RequestAddress": ipam(requestAddressRequest, requestAddressResponse),
  "IpamDriver.ReleaseAddress": ipam(releaseAddressRequest, plainIpamResponse),
} as const satisfies Record<string, Call>;

/** Name of a call, e.g. `NetworkDriver.Join`. */
export type CallName = keyof typeof calls;
/** What the engine sends with a call, before the plugin's schema has read it. */
export type RequestOf<Name extends CallName> = z.input<(typeof calls)[Name]["request"]>;
/** What a plugin answers to a call. */
export type ResponseOf<Name extends CallName> = z.output<(typeof calls)[Name]["response"]>;

export const callNames = Object.keys(calls) as CallName[];

/** Whether `name` (a path without its leading slash) is a call of the protocol. */
export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}

/** The two calls that a plugin may answer with 404: the engine then goes on without. */
export const optionalCalls: ReadonlySet<CallName> = new Set([
  "NetworkDriver.ProgramExternalConnectivity",
  "NetworkDriver.RevokeExternalConnectivity",
]);

export type IpamData = z.output<typeof ipamData>;
export type EndpointInterface = z.output<typeof endpointInterface>;
export type StaticRoute = z.output<typeof staticRoute>;
export type CreateNetworkRequest = z.output<typeof createNetworkRequest>;
export type JoinResponse = z.output<typeof joinResponse>;

function network<Request extends z.ZodType, Response extends z.ZodType>(
  request: Request,
  response: Response,
) {
  return { subsystem: "NetworkDriver", request, response } as const;
}

function ipam<Request extends z.ZodType, Response extends z.ZodType>(request: Request, response: Response) {
  return { subsystem: "IpamDriver", request, response } as const;
}
