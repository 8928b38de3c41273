import { addressOf } from "#harness/core/ip.ts";
import { readNetwork } from "./addresses.ts";
import type { Networks } from "./networks.ts";
import type { Pools } from "./pools.ts";
import { Refusal } from "./refusal.ts";
import {
  type AttachmentState,
  type EndpointState,
  keyOf,
  type PortMapping,
  type State,
} from "./state/state.ts";

/** A network as a CNI configuration or an administrator names it; what is left out is as the network has it. */
export interface NetworkPlace {
  readonly tenant: string;
  /** Name within the tenant. */
  readonly name: string;
  /** CIDR; needed where the network does not exist yet. */
  readonly subnet?: string | undefined;
  /** Without prefix; default: the first address. */
  readonly gateway?: string | undefined;
  readonly subnet6?: string | undefined;
  readonly encap?: string | undefined;
  readonly tag?: number | undefined;
}

/** What ADD asks for. */
export interface AttachmentRequest {
  readonly node: string;
  readonly containerId: string;
  readonly ifName: string;
  readonly netns: string;
  /** Name of the CNI network. */
  readonly network: string;
  readonly place: NetworkPlace;
  readonly group?: string | undefined;
  /** Addresses without prefix; left out: any. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly mac?: string | undefined;
  readonly names: readonly string[];
  /** An interface to the egress bridge, with these ports of the node. */
  readonly egress?: { readonly ports: readonly PortMapping[] } | undefined;
}

/** Addresses of containers towards their node, on every node the same; between nodes they mean nothing. */
export const egressPool = { subnet: "100.66.0.0/16", gateway: "100.66.0.1" } as const;

/** What is attached through CNI. Works on the state in place; a method does all of its work or throws `Refusal`. */
export class Attachments {
  readonly #state: State;
  readonly #pools: Pools;
  readonly #networks: Networks;

  constructor(state: State, pools: Pools, networks: Networks) {
    this.#state = state;
    this.#pools = pools;
    this.#networks = networks;
  }

  /** Makes a network on a node, to stay until `deleteNetwork`. Throws `Refusal` where the node has it already. */
  createNetwork(node: string, place: NetworkPlace): void {
    const id = idOf(node, place);
    const known = this.#state.engineNetworks[id];
    if (known && !known.onDemand)
      throw new Refusal(`network "${place.name}" exists already in tenant ${place.tenant}`);
    this.#join(node, place);
    delete this.#state.engineNetworks[id]?.onDemand;
  }

  /** Takes a network away from a node. Throws `Refusal` while a container is attached there. */
  deleteNetwork(node: string, place: Pick<NetworkPlace, "tenant" | "name">): void {
    const id = idOf(node, place);
    if (!this.#state.engineNetworks[id])
      throw new Refusal(`network "${place.name}" is unknown in tenant ${place.tenant}`);
    const user = Object.values(this.#state.attachments).find(
      (one) => one.node === node && this.#endpointOf(one).network === keyOf(place.tenant, place.name),
    );
    if (user) throw new Refusal(`network "${place.name}" is in use by container ${user.containerId}`);
    this.#leave(id);
  }

  /** Gives a container an endpoint with addresses. Throws `Refusal` for one that it has already. */
  add(request: AttachmentRequest): AttachmentState {
    const { node, containerId, ifName, netns, network, place, group, mac, names, egress } = request;
    const id = attachmentId(request);
    const existing = this.#state.attachments[id];
    if (existing) {
      throw new Refusal(
        `container ${containerId} is attached to ${existing.network} with ${ifName} already, and not deleted`,
      );
    }
    const engineNetwork = this.#join(node, place, group);
    const { subnet, subnet6 } = this.#state.networks[keyOf(place.tenant, place.name)]!;
    const take = (cidr: string, address = "") =>
      this.#pools.requestAddress(`${place.tenant}/${cidr}`, { address, gateway: false });
    const endpoint = this.#networks.createEndpoint({
      id,
      node,
      engineNetwork,
      ipv4: take(subnet, request.ipv4),
      ...(subnet6 === undefined ? {} : { ipv6: take(subnet6, request.ipv6) }),
      ...(mac === undefined ? {} : { mac }),
    });
    endpoint.names = [...names];
    this.#networks.join(engineNetwork, id, netns);
    const attachment: AttachmentState = {
      ...{ id, node, containerId, ifName, netns, network, endpoint: id },
      ...(egress ? { egress: { address: this.#leadOut(node, egress.ports), ports: [...egress.ports] } } : {}),
    };
    this.#state.attachments[id] = attachment;
    return attachment;
  }

  /** Takes an attachment away with all of its addresses. An unknown id is what the caller wants. */
  remove(id: string): void {
    const attachment = this.#state.attachments[id];
    if (!attachment) return;
    const { node, egress } = attachment;
    const endpoint = this.#endpointOf(attachment);
    const { tenant, subnet, subnet6 } = this.#state.networks[endpoint.network]!;
    for (const [cidr, address] of [
      [subnet, endpoint.ipv4],
      [subnet6, endpoint.ipv6],
    ]) {
      if (cidr && address) this.#pools.releaseAddress(`${tenant}/${cidr}`, addressOf(address));
    }
    if (egress) {
      const pool = egressPoolId(node);
      this.#pools.releaseAddress(pool, addressOf(egress.address));
      this.#pools.releaseAddress(pool, egressPool.gateway);
      this.#pools.release(pool);
    }
    delete this.#state.attachments[id];
    this.#networks.deleteEndpoint(endpoint.id);
    const engineNetwork = this.#state.engineNetworks[endpoint.engineNetwork];
    const used = Object.values(this.#state.endpoints).some(
      (one) => one.engineNetwork === endpoint.engineNetwork,
    );
    if (engineNetwork?.onDemand && !used) this.#leave(engineNetwork.id);
  }

  /** Ids of what is attached to a CNI network on a node. */
  of(node: string, network: string): string[] {
    return Object.values(this.#state.attachments)
      .filter((one) => one.node === node && one.network === network)
      .map(({ id }) => id);
  }

  #endpointOf({ endpoint }: AttachmentState): EndpointState {
    return this.#state.endpoints[endpoint]!;
  }

  /** Makes the node part of a network, or sees to it that it is; resolves to the id of the node's part. */
  #join(node: string, place: NetworkPlace, group?: string): string {
    const { tenant, name, tag } = place;
    const known = this.#state.networks[keyOf(tenant, name)];
    if (!this.#state.tenants.includes(tenant)) throw new Refusal(`tenant "${tenant}" is unknown`);
    const subnet = place.subnet ?? known?.subnet;
    if (subnet === undefined) {
      throw new Refusal(`network "${name}" is unknown in tenant ${tenant}, and no subnet is given for it`);
    }
    const subnet6 = place.subnet6 ?? known?.subnet6;
    const encap = place.encap ?? known?.encap;
    if (encap === "routed") throw new Refusal(`network "${name}": only engines have routed networks`);
    const id = idOf(node, place, group);
    const present = this.#state.engineNetworks[id];
    const gateway = place.gateway ?? known?.gateway;
    this.#networks.attach({
      ...{ id, node },
      ipv4: { subnet, gateway: present ? withPrefix(gateway, subnet) : this.#hold(tenant, subnet, gateway) },
      ...(subnet6 === undefined
        ? {}
        : {
            ipv6: {
              subnet: subnet6,
              gateway: present
                ? withPrefix(known?.gateway6, subnet6)
                : this.#hold(tenant, subnet6, known?.gateway6),
            },
          }),
      options: {
        ...{ tenant, network: name },
        ...(group === undefined ? {} : { group }),
        ...(encap === undefined ? {} : { encap }),
        ...(tag === undefined ? {} : { tag: String(tag) }),
      },
    });
    if (!present || present.onDemand) this.#state.engineNetworks[id]!.onDemand = true;
    return id;
  }

  #leave(id: string): void {
    const { tenant, subnet, gateway, subnet6, gateway6 } =
      this.#state.networks[this.#state.engineNetworks[id]!.network]!;
    for (const [cidr, address] of [
      [subnet, gateway],
      [subnet6, gateway6],
    ]) {
      if (!cidr || !address) continue;
      this.#pools.releaseAddress(`${tenant}/${cidr}`, address);
      this.#pools.release(`${tenant}/${cidr}`);
    }
    this.#networks.detach(id);
  }

  /** Holds a subnet and its gateway once more, as an engine does for each of its networks; resolves to the gateway. */
  #hold(tenant: string, subnet: string, gateway = ""): string {
    const { id } = this.#pools.request({ tenant, pool: subnet, subPool: "", v6: subnet.includes(":") });
    return this.#pools.requestAddress(id, { address: gateway, gateway: true });
  }

  #leadOut(node: string, ports: readonly PortMapping[]): string {
    const taken = Object.values(this.#state.attachments).filter((one) => one.node === node);
    for (const { hostPort, protocol, hostIP } of ports) {
      const holder = taken.find((one) =>
        one.egress?.ports.some(
          (port) =>
            port.hostPort === hostPort &&
            port.protocol === protocol &&
            (port.hostIP === hostIP || port.hostIP === "" || hostIP === ""),
        ),
      );
      if (holder)
        throw new Refusal(`port ${hostPort}/${protocol} of ${node} is in use by ${holder.containerId}`);
    }
    this.#hold(egressTenant(node), egressPool.subnet, egressPool.gateway);
    return this.#pools.requestAddress(egressPoolId(node), { address: "", gateway: false });
  }
}

/** Id of a container's interface on a node. */
export function attachmentId(request: Pick<AttachmentRequest, "node" | "containerId" | "ifName">): string {
  return `cni:${request.node}:${request.containerId}:${request.ifName}`;
}

/** A node's part of a network, or of a group of it. */
function idOf(node: string, { tenant, name }: Pick<NetworkPlace, "tenant" | "name">, group?: string): string {
  return `cni:${node}:${keyOf(tenant, name)}${group === undefined ? "" : `:${group}`}`;
}

/** No tenant of a user's can have a name with spaces. */
function egressTenant(node: string): string {
  return `egressPool of ${node}`;
}

function egressPoolId(node: string): string {
  return `${egressTenant(node)}/${egressPool.subnet}`;
}

function withPrefix(gateway: string | undefined, subnet: string): string {
  return gateway ? `${gateway}/${readNetwork(subnet).prefix}` : "";
}
