import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Transport } from "#harness/host/agent/reach.ts";
import type { Workload } from "./workload.ts";

/** The network that is wanted. Left-out fields are the driver's choice. */
export interface NetworkSpec {
  /** Unique within the tenant; the harness makes one up when it is left out. */
  name?: string;
  /** IPv4 CIDR, e.g. `10.1.2.0/24`. */
  subnet?: string;
  gateway?: string;
  /** IPv6 CIDR; needs `ipv6`. */
  subnet6?: string;
  /**
   * MTU of its interfaces in bytes, for a wire that carries less than usual. Plugins that cannot be told one must find out by
   * themselves what fits.
   */
  mtu?: number;
  /** `docker network create --internal`; needs `internal`. */
  internal?: boolean;
  /**
   * `docker network create --opt com.docker.network.bridge.gateway_mode_ipv4=…`, and `…_ipv6=…` where the network carries that; needs
   * `gatewayModes`.
   */
  gatewayMode?: "routed" | "isolated";
  /** `docker network create --opt encrypted`; needs `encrypted`. */
  encrypted?: boolean;
  /** What is attached is announced to the nodes' routers, and reached through them by its own address; needs `bgp`. */
  announced?: boolean;
  /** Needs `tenants`. */
  tenant?: string;
  /** `vlan` needs the capability of that name; default: the driver's own overlay or bridge. */
  encap?: "vxlan" | "vlan";
  /** 802.1Q tag, 1–4094; only with `encap: "vlan"`. */
  tag?: number;
}

/** One port of a workload that its node shows to others: `docker run --publish ADDRESS:HOSTPORT:PORT/PROTOCOL`. */
export interface PublishSpec {
  /** The workload's own. */
  port: number;
  /** Default `tcp`. */
  protocol?: Transport;
  /**
   * The node's, or the first and the last of those of which the engine takes a free one; left out, it takes any free one.
   * CNI plugins must be given one.
   */
  hostPort?: number | { readonly from: number; readonly to: number };
  /** Address of the node; default: all. */
  address?: string;
}

/** The workload that is wanted. */
export interface WorkloadSpec {
  /** Container name; the harness makes one up when it is left out. */
  name?: string;
  /** Ports to publish on the node. */
  publish?: PublishSpec[];
  /** A fixed address inside the subnet. */
  ip?: string;
  /** A fixed address inside the IPv6 subnet; needs `ipv6`. */
  ip6?: string;
  /** Policy group the workload joins; needs `policy`. */
  group?: string;
  /** What it runs; default: a shell that idles. Needs an engine that starts it, as does `restart`. */
  command?: readonly string[];
  /** `docker run --restart`: it runs again when its engine does. */
  restart?: "always";
  /** A network namespace alone, without a container or an engine; needs `cni`. */
  bare?: boolean;
}

/** How a running workload joins a network. */
export type ConnectSpec = Pick<WorkloadSpec, "ip" | "ip6">;

/** A network that exists. Removal is registered with the scope it was made in. */
export interface Network {
  /** The name a user would type. */
  readonly name: string;
  readonly driver: string;
  /** IPv4 CIDR. */
  readonly subnet: string;
  /** Nodes on which a workload can be started. */
  readonly nodes: readonly ClusterNode[];
  /** Starts a workload on `node`; it is removed when `scope` closes. */
  run(scope: Scope, node: ClusterNode, spec?: WorkloadSpec): Promise<Workload>;
  /** Attaches a running workload to this network too; resolves to it as seen here. Needs `hotplug`. */
  connect(scope: Scope, workload: Workload, spec?: ConnectSpec): Promise<Workload>;
  /** Detaches a running workload from this network. Needs `hotplug`. */
  disconnect(workload: Workload): Promise<void>;
  /** What the node's engine (or the plugin's own listing) says of this network. */
  inspect(node: ClusterNode): Promise<NetworkView>;
}

/** One engine's view of a network. */
export interface NetworkView {
  name: string;
  driver: string;
  scope: string;
  subnets: string[];
  /** Attached containers by container id. Addresses are CIDRs. */
  containers: Record<string, { name: string; mac: string; ipv4: string; ipv6: string }>;
}
