import { formatAddress, formatNetwork, networksOverlap } from "#harness/core/ip.ts";
import { readAddress, readCidr, readNetwork } from "./addresses.ts";
import { Refusal } from "./refusal.ts";
import { defaultTenant, type EndpointState, keyOf, type NetworkState, type State } from "./state/state.ts";

/** What an engine says when it creates a network. Subnets and gateways are CIDRs. */
export interface NetworkRequest {
  id: string;
  node: string;
  ipv4: { subnet: string; gateway: string };
  ipv6?: { subnet: string; gateway: string };
  /** The user's `-o` options. */
  options: Readonly<Record<string, string>>;
}

/** What an engine says when it creates an endpoint. Addresses are CIDRs, absent ones were left empty. */
export interface EndpointRequest {
  id: string;
  node: string;
  engineNetwork: string;
  ipv4: string;
  ipv6?: string;
  mac?: string;
}

type Wanted = Omit<NetworkState, "tag" | "localTag" | "resolver"> & { tag?: number };

export interface Numbering {
  /** The first VNI that is given to an overlay network. */
  readonly firstVni: number;
}

const knownOptions = ["tenant", "network", "group", "encap", "tag"];
const highestTag = 4094;
const highestVni = 0xff_ff_ff;

/** Networks and endpoints of all nodes. Works on the state in place; a method does all of its work or throws `Refusal`. */
export class Networks {
  readonly #state: State;
  readonly #numbering: Numbering;

  constructor(state: State, numbering: Numbering) {
    this.#state = state;
    this.#numbering = numbering;
  }

  /**
   * Adds an engine's network. Engines that name the same tenant and network share one network; a `group` makes
   * it a network of that group, which draws on the group's network.
   */
  attach(request: NetworkRequest): NetworkState {
    const { engineNetworks, networks, groups } = this.#state;
    const wanted = this.#read(request);
    const key = keyOf(wanted.tenant, wanted.name);
    const known = engineNetworks[request.id];
    if (known && (known.network !== key || known.node !== request.node)) {
      throw new Refusal(`network id ${request.id} exists already, as ${known.network} on ${known.node}`);
    }
    const { group } = request.options;
    if (group !== undefined && groups[keyOf(wanted.tenant, group)]?.network !== key) {
      const of = groups[keyOf(wanted.tenant, group)]?.network;
      throw new Refusal(
        of === undefined
          ? `group "${group}" is unknown in tenant ${wanted.tenant}`
          : `group "${group}" belongs to network ${of}, not to ${key}`,
      );
    }
    const existing = networks[key];
    const own = Object.values(engineNetworks).find(
      ({ id, node, network }) => id !== request.id && node === request.node && network === key,
    );
    if (own && request.options.network === undefined) {
      throw new Refusal(`subnet ${wanted.subnet} is in use by network ${own.id} of this engine`);
    }
    if (existing) refuseDifference(existing, wanted);
    else networks[key] = this.#number(wanted);
    engineNetworks[request.id] = {
      id: request.id,
      node: request.node,
      network: key,
      ...(group === undefined ? {} : { group }),
    };
    return networks[key]!;
  }

  /**
   * Takes an engine's network away; the network goes with the last one. An unknown id is what the caller wants. An engine
   * never deletes a network that has endpoints it knows of; those that are left had their answer lost.
   */
  detach(id: string): void {
    const { engineNetworks, endpoints, networks, groups } = this.#state;
    const known = engineNetworks[id];
    if (!known) return;
    for (const endpoint of Object.values(endpoints)) {
      if (endpoint.engineNetwork === id) delete endpoints[endpoint.id];
    }
    const last = !Object.values(engineNetworks).some(
      (other) => other.id !== id && other.network === known.network,
    );
    const holder = Object.values(groups).find((group) => group.network === known.network);
    delete engineNetworks[id];
    if (last && !holder) delete networks[known.network];
  }

  /** Adds an endpoint. Repeating the same request changes nothing. */
  createEndpoint(request: EndpointRequest): EndpointState {
    const { endpoints } = this.#state;
    const engineNetwork = this.#engineNetwork(request.engineNetwork);
    const network = this.#state.networks[engineNetwork.network]!;
    const existing = endpoints[request.id];
    if (existing) {
      if (existing.engineNetwork === request.engineNetwork && existing.ipv4 === request.ipv4) return existing;
      throw new Refusal(`endpoint ${request.id} exists already`);
    }
    for (const [text, subnet] of [
      [request.ipv4, network.subnet],
      [request.ipv6, network.subnet6],
    ]) {
      if (text === undefined) continue;
      const within = formatNetwork(readCidr(text).network);
      if (within !== subnet)
        throw new Refusal(
          `address ${text} is not in ${subnet ?? "an IPv6 subnet"} of ${engineNetwork.network}`,
        );
      const holder = Object.values(endpoints).find(
        (other) => other.network === engineNetwork.network && [other.ipv4, other.ipv6].includes(text),
      );
      if (holder) throw new Refusal(`address ${text} is in use by endpoint ${holder.id} on ${holder.node}`);
    }
    const endpoint: EndpointState = {
      id: request.id,
      node: request.node,
      engineNetwork: request.engineNetwork,
      network: engineNetwork.network,
      ...(engineNetwork.group === undefined ? {} : { group: engineNetwork.group }),
      ipv4: request.ipv4,
      ...(request.ipv6 === undefined ? {} : { ipv6: request.ipv6 }),
      mac: request.mac ?? macOf(request.ipv4),
      names: [],
    };
    endpoints[request.id] = endpoint;
    return endpoint;
  }

  /** Takes an endpoint away. An unknown id is what the caller wants. */
  deleteEndpoint(id: string): void {
    delete this.#state.endpoints[id];
  }

  /** Takes away the endpoints of a node that is lost; its engine still has its networks when it is back. */
  forget(node: string): void {
    for (const { id, node: own } of Object.values(this.#state.endpoints)) {
      if (own === node) delete this.#state.endpoints[id];
    }
  }

  join(networkId: string, endpointId: string, sandbox: string): EndpointState {
    const endpoint = this.endpoint(networkId, endpointId);
    endpoint.sandbox = sandbox;
    return endpoint;
  }

  leave(networkId: string, endpointId: string): EndpointState {
    const endpoint = this.endpoint(networkId, endpointId);
    delete endpoint.sandbox;
    return endpoint;
  }

  /** Throws `Refusal` naming the id that is unknown. */
  endpoint(networkId: string, endpointId: string): EndpointState {
    this.#engineNetwork(networkId);
    const endpoint = this.#state.endpoints[endpointId];
    if (!endpoint || endpoint.engineNetwork !== networkId) {
      throw new Refusal(`endpoint "${endpointId}" is unknown in network ${networkId}`);
    }
    return endpoint;
  }

  #engineNetwork(id: string) {
    const known = this.#state.engineNetworks[id];
    if (!known) throw new Refusal(`network "${id}" is unknown`);
    return known;
  }

  #read(request: NetworkRequest): Wanted {
    const { options } = request;
    const unknown = Object.keys(options).find((name) => !knownOptions.includes(name) && !name.includes("."));
    if (unknown)
      throw new Refusal(`option "${unknown}" is unknown; expected one of ${knownOptions.join(", ")}`);
    const tenant = options.tenant ?? defaultTenant;
    if (!this.#state.tenants.includes(tenant)) throw new Refusal(`tenant "${tenant}" is unknown`);
    const encap = options.encap ?? "vxlan";
    if (encap !== "vxlan" && encap !== "vlan" && encap !== "routed")
      throw new Refusal(`encap "${encap}" is unknown; expected vxlan, vlan or routed`);
    const subnet = formatNetwork(readNetwork(request.ipv4.subnet));
    return {
      tenant,
      name: options.network ?? `net-${subnet.replace("/", "-")}`,
      encap,
      subnet,
      gateway: hostOf(request.ipv4.gateway),
      ...(request.ipv6
        ? { subnet6: formatNetwork(readNetwork(request.ipv6.subnet)), gateway6: hostOf(request.ipv6.gateway) }
        : {}),
      ...(options.tag === undefined ? {} : { tag: readTag(encap, options.tag) }),
    };
  }

  /** Checks a new network against the others and gives it its numbers. */
  #number(wanted: Wanted): NetworkState {
    const others = Object.values(this.#state.networks);
    for (const subnet of [wanted.subnet, wanted.subnet6]) {
      const other = others.find(
        ({ tenant, subnet: v4, subnet6: v6 }) =>
          tenant === wanted.tenant &&
          [v4, v6].some(
            (taken) => taken && subnet && networksOverlap(readNetwork(taken), readNetwork(subnet)),
          ),
      );
      if (other) {
        throw new Refusal(
          `subnet ${subnet} overlaps ${other.subnet} of network ${keyOf(other.tenant, other.name)}`,
        );
      }
    }
    const holder = others.find((other) => other.encap === wanted.encap && other.tag === wanted.tag);
    if (holder)
      throw new Refusal(`tag ${wanted.tag} is in use by network ${keyOf(holder.tenant, holder.name)}`);
    if (wanted.encap === "vlan" && wanted.tag === undefined) {
      throw new Refusal("a vlan network needs its tag: -o tag=1…4094");
    }
    const { tag, localTag } = this.#tagsOf(wanted);
    if (wanted.encap === "vlan") {
      // An overlay's local tag means nothing outside the bridges, so it is the overlay that gives way.
      const overlay = others.find((other) => other.localTag === tag);
      if (overlay) overlay.localTag = this.#freeLocalTag(tag);
    }
    const resolver = firstFree(
      resolverRange.from,
      resolverRange.to,
      others.map((other) => Number(readAddress(other.resolver).value)),
    );
    return {
      ...wanted,
      tag,
      localTag,
      resolver: formatAddress({ family: 4, value: BigInt(resolver) }),
    };
  }

  /** A routed network is on no bridge and has no encapsulation. */
  #tagsOf({ encap, tag = encap === "vxlan" ? this.#freeVni() : 0 }: Wanted) {
    if (encap === "vxlan") return { tag, localTag: this.#freeLocalTag() };
    return { tag, localTag: tag };
  }

  #freeVni(): number {
    const taken = Object.values(this.#state.networks).flatMap(({ encap, tag }) =>
      encap === "vxlan" ? [tag] : [],
    );
    return firstFree(this.#numbering.firstVni, highestVni, taken);
  }

  #freeLocalTag(wanted?: number): number {
    const taken = Object.values(this.#state.networks).map(({ localTag }) => localTag);
    for (let tag = highestTag; tag > 0; tag -= 1) {
      if (tag !== wanted && !taken.includes(tag)) return tag;
    }
    throw new Refusal(`all ${highestTag} tags of the bridges are in use`);
  }
}

/** Link-local addresses of the networks' resolvers, one per network so that a container can be in several. */
export const resolverSubnet = "169.254.64.0/18";
const resolverRange = { from: 0xa9fe4001, to: 0xa9fe7ffe };

/** A MAC that follows the address, so that neighbours' caches stay right when an address is used again. */
export function macOf(ipv4: string): string {
  const { value } = readCidr(ipv4).address;
  return `02:02:${value.toString(16).padStart(8, "0").match(/../g)!.join(":")}`;
}

function firstFree(from: number, to: number, taken: readonly number[]): number {
  for (let candidate = from; candidate <= to; candidate += 1) {
    if (!taken.includes(candidate)) return candidate;
  }
  throw new Refusal(`all numbers from ${from} to ${to} are in use`);
}

function hostOf(cidr: string): string {
  return cidr ? formatAddress(readCidr(cidr).address) : "";
}

function readTag(encap: NetworkState["encap"], text: string): number {
  if (encap === "routed") throw new Refusal(`tag "${text}": a routed network has none`);
  const highest = encap === "vlan" ? highestTag : highestVni;
  const tag = Number(text);
  if (!/^\d+$/.test(text) || tag < 1 || tag > highest) {
    throw new Refusal(`tag "${text}" is out of range: expected 1 to ${highest} for ${encap}`);
  }
  return tag;
}

function refuseDifference(existing: NetworkState, wanted: Wanted): void {
  const name = keyOf(existing.tenant, existing.name);
  for (const field of ["subnet", "subnet6", "encap", "gateway"] as const) {
    if (existing[field] !== wanted[field]) {
      throw new Refusal(
        `network ${name} exists with ${field} ${existing[field] ?? "none"}, not ${wanted[field] ?? "none"}`,
      );
    }
  }
  if (wanted.tag !== undefined && wanted.tag !== existing.tag) {
    throw new Refusal(`network ${name} exists with tag ${existing.tag}, not ${wanted.tag}`);
  }
}
