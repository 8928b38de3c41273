import { speakerConfig } from "#drivers/kit/nodes/speaker-config.ts";
import type { EndpointState, State } from "#drivers/reference/model/state/state.ts";
import { addressOf } from "#harness/core/ip.ts";
import { innerDevice, routedDevice } from "./devices.ts";
import type { FirewallRule, NodeRoute, ProxyNeighbour, RoutedPort, RoutingPlan } from "./node-plan.ts";

/** Kernel routes of this protocol number are what the speaker announces. */
export const announcedProtocol = 110;
/** Kernel routes to containers that are not announced; the kernel's number for what an administrator set. */
export const silentProtocol = 4;

/** How `node` forwards for containers of routed networks, and what it tells its routers of them. */
export function routingFor(state: Readonly<State>, node: string): RoutingPlan {
  const routed = Object.values(state.endpoints).filter(
    (endpoint) => state.networks[endpoint.network]?.encap === "routed" && endpoint.sandbox !== undefined,
  );
  const own = routed.filter((endpoint) => endpoint.node === node);
  const speaker = state.speakers[node];
  return {
    ports: own.map((endpoint) => portOf(state, endpoint)),
    routes: own.flatMap(routesTo),
    proxies: own.flatMap((endpoint) => proxiesFor(endpoint, routed)),
    rules: speaker ? forwarding : [],
    ...(speaker
      ? { speaker: { addresses: speaker.addresses, config: speakerConfig(speaker, announcedRoutes) } }
      : {}),
  };
}

/** An engine lets nothing through that is not of its own networks. */
const forwarding: readonly FirewallRule[] = ([4, 6] as const).flatMap((family) =>
  ["-i", "-o"].map((end): FirewallRule => [family, "filter", "FORWARD", end, "ng+", "-j", "ACCEPT"]),
);

function announcedRoutes(): string {
  return `where krt_source = ${announcedProtocol}`;
}

function portOf({ networks }: Readonly<State>, { id, mac, network }: EndpointState): RoutedPort {
  const { gateway, gateway6 } = networks[network]!;
  return {
    ...{ device: routedDevice(id), inner: innerDevice(id), mac },
    gateways: [gateway, gateway6].flatMap((address) => (address ? [address] : [])),
  };
}

function routesTo(endpoint: EndpointState): NodeRoute[] {
  const device = routedDevice(endpoint.id);
  return addressesOf(endpoint).map((address) => ({ address, device, announced: true }));
}

/** A container asks its link for everybody in its subnet, and nobody else is on it. */
function proxiesFor(
  { id, network, ipv6 }: EndpointState,
  routed: readonly EndpointState[],
): ProxyNeighbour[] {
  if (ipv6 === undefined) return [];
  const others = routed.filter((other) => other.network === network && other.id !== id);
  return others.flatMap((other) =>
    other.ipv6 === undefined ? [] : [{ device: routedDevice(id), address: addressOf(other.ipv6) }],
  );
}

/** Of an endpoint, without prefix. */
export function addressesOf({ ipv4, ipv6 }: Pick<EndpointState, "ipv4" | "ipv6">): string[] {
  return [ipv4, ipv6].flatMap((cidr) => (cidr === undefined ? [] : [addressOf(cidr)]));
}
