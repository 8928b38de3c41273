/** A kernel VXLAN device that is an access port of the bridge. */
export interface Overlay {
  readonly device: string;
  readonly vni: number;
  readonly tag: number;
}

/** Encapsulations of networks that are on the bridge. */
export type Bridged = "vxlan" | "vlan";

/** A container's way into its network: a veth pair, one end an access port of the bridge. */
export interface Port {
  /** End that stays on the node. */
  readonly device: string;
  /** End that the engine moves into the sandbox. */
  readonly inner: string;
  readonly tag: number;
  readonly encap: Bridged;
  readonly mac: string;
  /** Without prefix. */
  readonly ipv4: string;
  /** Without prefix; absent in a network that carries IPv4 alone. */
  readonly ipv6?: string;
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

/** A container to which its node routes: a veth pair whose outer end is the container's gateway. */
export interface RoutedPort {
  /** End that stays on the node. */
  readonly device: string;
  /** End that the engine moves into the sandbox. */
  readonly inner: string;
  readonly mac: string;
  /** Of the network, without prefix: IPv4 and, where the network has it, IPv6. */
  readonly gateways: readonly string[];
}

/** A route of the node to one address, without prefix. */
export interface NodeRoute {
  readonly address: string;
  /** Absent: it leads nowhere. */
  readonly device?: string;
  /** The next hop, where the address is not on the device's own link. */
  readonly via?: string;
  /** Whether the node's speaker tells its routers of it. */
  readonly announced: boolean;
}

/** An IPv6 address that is not on a link, for which the node answers there (RFC 4389). */
export interface ProxyNeighbour {
  readonly device: string;
  readonly address: string;
}

/** A rule of iptables or, for IPv6, ip6tables: table, chain, then the rule. */
export type FirewallRule = readonly [family: 4 | 6, table: string, chain: string, ...rule: string[]];

/** How a node forwards by routes, and what it tells its routers. */
export interface RoutingPlan {
  readonly ports: readonly RoutedPort[];
  readonly routes: readonly NodeRoute[];
  readonly proxies: readonly ProxyNeighbour[];
  readonly rules: readonly FirewallRule[];
  /** Absent where the node speaks to no router. */
  readonly speaker?: {
    /** CIDRs on the data interface. */
    readonly addresses: readonly string[];
    /** For BIRD. */
    readonly config: string;
  };
}

/** What must exist on one node. Follows from the state alone. */
export interface NodePlan {
  readonly overlays: readonly Overlay[];
  /** 802.1Q tags that pass between the bridge and the data interface. */
  readonly trunk: readonly number[];
  readonly ports: readonly Port[];
  readonly resolvers: readonly Resolver[];
  readonly routing: RoutingPlan;
  /** Lines for `ovs-ofctl replace-flows`. */
  readonly flows: readonly string[];
}

/** Of a node on which nothing is to be. */
export const emptyPlan: NodePlan = {
  ...{ overlays: [], trunk: [], ports: [], resolvers: [], flows: [] },
  routing: { ports: [], routes: [], proxies: [], rules: [] },
};
