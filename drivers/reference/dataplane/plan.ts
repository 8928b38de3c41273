import { createHash } from "node:crypto";
import { parseInterfaceAddress } from "#drivers/reference/model/addresses.ts";
import type { EndpointState, NetworkState, State } from "#drivers/reference/model/state.ts";
import { flowsFor } from "./flows.ts";

/** A kernel VXLAN device that is an access port of the bridge. */
export interface Overlay {
  readonly device: string;
  readonly vni: number;
  readonly tag: number;
}

/** A container's way into its network: a veth pair, one end an access port of the bridge. */
export interface Port {
  /** End that stays on the node. */
  readonly device: string;
  /** End that the engine moves into the sandbox. */
  readonly inner: string;
  readonly tag: number;
  readonly encap: "vxlan" | "vlan";
  readonly mac: string;
  /** Without prefix. */
  readonly ipv4: string;
}

/** A DNS server in a namespace of its own, reached through an access port of the bridge. */
export interface Resolver {
  /** Also the name of its namespace. */
  readonly id: string;
  readonly device: string;
  readonly tag: number;
  /** IPv4 address without prefix. */
  readonly address: string;
  /** CIDRs from which it is asked. */
  readonly subnets: readonly string[];
  /** Lines of a hosts file: address, then names. */
  readonly hosts: readonly string[];
}

/** What shall exist on one node. Follows from the state alone. */
export interface NodePlan {
  readonly overlays: readonly Overlay[];
  /** 802.1Q tags that pass between the bridge and the data interface. */
  readonly trunk: readonly number[];
  readonly ports: readonly Port[];
  readonly resolvers: readonly Resolver[];
  /** Lines for `ovs-ofctl replace-flows`. */
  readonly flows: readonly string[];
}

/** Works out what shall exist on `node`, whose VLAN trunk is `dataDevice`. */
export function planFor(state: Readonly<State>, node: string, dataDevice: string): NodePlan {
  const attached = new Set(
    Object.values(state.engineNetworks)
      .filter((one) => one.node === node)
      .map((one) => one.network),
  );
  const networks = [...attached].sort().map((key) => ({ key, network: state.networks[key]! }));
  const topology = {
    overlays: networks
      .filter(({ network }) => network.encap === "vxlan")
      .map(({ network }) => overlayOf(network)),
    trunk: networks.filter(({ network }) => network.encap === "vlan").map(({ network }) => network.localTag),
    ports: Object.values(state.endpoints)
      .filter((endpoint) => endpoint.node === node && endpoint.sandbox !== undefined)
      .map((endpoint) => portOf(endpoint, state.networks[endpoint.network]!)),
    resolvers: networks.map(({ key, network }) => resolverOf(state, key, network)),
  };
  return { ...topology, flows: flowsFor(state, topology, dataDevice) };
}

/** Interface that the engine finds for an endpoint after Join. */
export function innerDevice(endpointId: string): string {
  return `nc${digest(endpointId)}`;
}

/** End of an endpoint's pair that stays on the node. */
export function outerDevice(endpointId: string): string {
  return `nh${digest(endpointId)}`;
}

/** Both ends of the pair that leads to the external, for containers attached through CNI. */
export function egressDevices(endpointId: string): { device: string; inner: string } {
  return { device: `no${digest(endpointId)}`, inner: `np${digest(endpointId)}` };
}

function overlayOf({ tag, localTag }: NetworkState): Overlay {
  return { device: `nv${tag}`, vni: tag, tag: localTag };
}

function portOf(endpoint: EndpointState, { localTag, encap }: NetworkState): Port {
  return {
    device: outerDevice(endpoint.id),
    inner: innerDevice(endpoint.id),
    tag: localTag,
    encap,
    mac: endpoint.mac,
    ipv4: hostPart(endpoint.ipv4),
  };
}

function resolverOf(state: Readonly<State>, key: string, network: NetworkState): Resolver {
  const number = parseInterfaceAddress(`${network.resolver}/32`).address.value & 0xffffn;
  const id = `nr${number.toString(16)}`;
  return {
    id,
    device: id,
    tag: network.localTag,
    address: network.resolver,
    subnets: [network.subnet, ...(network.subnet6 ? [network.subnet6] : [])],
    hosts: Object.values(state.endpoints)
      .filter((endpoint) => endpoint.network === key && endpoint.names.length > 0)
      .flatMap(({ ipv4, ipv6, names }) =>
        [ipv4, ipv6].flatMap((address) => (address ? [[hostPart(address), ...names].join(" ")] : [])),
      )
      .sort(),
  };
}

function hostPart(cidr: string): string {
  return cidr.split("/")[0] ?? "";
}

/** Interface names have 15 characters at most. */
function digest(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 11);
}
