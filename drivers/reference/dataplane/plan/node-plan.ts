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

/** What must exist on one node. Follows from the state alone. */
export interface NodePlan {
  readonly overlays: readonly Overlay[];
  /** 802.1Q tags that pass between the bridge and the data interface. */
  readonly trunk: readonly number[];
  readonly ports: readonly Port[];
  readonly resolvers: readonly Resolver[];
  /** Lines for `ovs-ofctl replace-flows`. */
  readonly flows: readonly string[];
}
