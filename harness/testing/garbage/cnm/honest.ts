import {
  type CallName,
  calls,
  gatewayAddressType,
  requestAddressTypeKey,
} from "#harness/cnm/protocol/protocol.ts";

/** The calls of a network with one endpoint, with a request of each as an engine makes it. */
export const requests = {
  "Plugin.Activate": {},
  "NetworkDriver.GetCapabilities": {},
  "IpamDriver.GetCapabilities": {},
  "IpamDriver.GetDefaultAddressSpaces": {},
  "IpamDriver.RequestPool": { AddressSpace: "l", Pool: "10.99.1.0/24", SubPool: "", Options: {}, V6: false },
  "IpamDriver.RequestAddress": { PoolID: "p", Address: "", Options: {} },
  "NetworkDriver.CreateNetwork": { NetworkID: "n".repeat(64), Options: {}, IPv4Data: [], IPv6Data: [] },
  "NetworkDriver.CreateEndpoint": {
    ...{ NetworkID: "n".repeat(64), EndpointID: "e".repeat(64), Options: {} },
    Interface: { Address: "10.99.1.2/24", AddressIPv6: "", MacAddress: "" },
  },
  "NetworkDriver.EndpointOperInfo": { NetworkID: "n".repeat(64), EndpointID: "e".repeat(64) },
  "NetworkDriver.Join": {
    ...{ NetworkID: "n".repeat(64), EndpointID: "e".repeat(64), Options: {} },
    SandboxKey: "/var/run/docker/netns/1",
  },
  "NetworkDriver.Leave": { NetworkID: "n".repeat(64), EndpointID: "e".repeat(64) },
  "NetworkDriver.DeleteEndpoint": { NetworkID: "n".repeat(64), EndpointID: "e".repeat(64) },
  "NetworkDriver.DeleteNetwork": { NetworkID: "n".repeat(64) },
  "IpamDriver.ReleaseAddress": { PoolID: "p", Address: "10.99.1.2" },
  "IpamDriver.ReleasePool": { PoolID: "p" },
} as const satisfies Partial<Record<CallName, object>>;

/** A call that is played. */
export type PlayedCall = keyof typeof requests;

export const playedCalls = Object.keys(requests) as PlayedCall[];

/** What a plugin answers that keeps every rule, for one network and one endpoint. */
export function honestAnswer(
  call: string,
  request: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (!Object.hasOwn(answers, call)) return {};
  return answers[call as CallName]?.(request) ?? {};
}

const answers: Partial<
  Record<CallName, (request: Readonly<Record<string, unknown>>) => Record<string, unknown>>
> = {
  "Plugin.Activate": () => ({ Implements: ["NetworkDriver", "IpamDriver"] }),
  "NetworkDriver.GetCapabilities": () => ({
    Scope: "local",
    ConnectivityScope: "local",
    GwAllocChecker: false,
  }),
  "IpamDriver.GetCapabilities": () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
  "IpamDriver.GetDefaultAddressSpaces": () => ({
    LocalDefaultAddressSpace: "l",
    GlobalDefaultAddressSpace: "g",
  }),
  "IpamDriver.RequestPool": ({ Pool }) => ({ PoolID: `pool of ${Pool}`, Pool, Data: {} }),
  "IpamDriver.RequestAddress": ({ Options, PoolID }) => {
    const isGateway = Object(Options)[requestAddressTypeKey] === gatewayAddressType;
    const net = /(\d+\.\d+\.\d+)\.0\/24$/.exec(String(PoolID))?.[1] ?? "10.99.1";
    return { Address: `${net}.${isGateway ? 1 : 2}/24`, Data: {} };
  },
  "NetworkDriver.CreateEndpoint": () => ({ Interface: { MacAddress: "02:42:0a:63:01:02" } }),
  "NetworkDriver.EndpointOperInfo": () => ({ Value: {} }),
  "NetworkDriver.Join": () => ({
    ...{ InterfaceName: { SrcName: "veth1", DstPrefix: "eth" }, Gateway: "10.99.1.1" },
    StaticRoutes: [{ Destination: "10.98.0.0/16", RouteType: 1 }],
  }),
};

/** The call's subsystem's own key for failures, and the one that its engine does not read. */
export function keysOf(call: PlayedCall): { own: string; other: string } {
  return calls[call].subsystem === "IpamDriver"
    ? { own: "Error", other: "Err" }
    : { own: "Err", other: "Error" };
}
