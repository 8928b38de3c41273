import type { Cluster, ClusterNode, Role } from "#harness/cluster/cluster.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { Scope } from "#harness/core/scope.ts";
import type { Workload } from "#harness/workload/workload.ts";

/**
 * What a driver can declare. A declared capability that does not hold is a failure, an undeclared one
 * that does hold is reported; there are no negative flags.
 */
export const capabilities = {
  multihost: "one network spans all nodes",
  vxlan: "traffic between nodes is VXLAN-encapsulated",
  names: "containers of a network find each other by name",
  outbound: "containers reach the outside through the node's address",
  publish: "ports of a container can be published on its node",
  gwbridge: "the egress is a second interface on docker_gwbridge",
  hotplug: "a running container can join and leave a network",
  scheduling: "networks can be used by swarm services",
  ipv6: "networks can be dual-stack",
  tenants: "tenants with overlapping names, subnets and addresses",
  vlan: "networks that are an 802.1Q VLAN on the data interface",
  policy: "groups with policies of ordered allow and deny rules",
  cni: "a runtime attaches containers through CNI plugins",
  remote: "engines speak the CNM plugin protocol with it, over a socket that can be recorded",
} as const;
export type Capability = keyof typeof capabilities;

/** What a network shall be. Left-out fields are the driver's choice. */
export interface NetworkSpec {
  /** Unique within the tenant; the harness makes one up when it is left out. */
  name?: string;
  /** IPv4 CIDR, e.g. `10.1.2.0/24`. */
  subnet?: string;
  gateway?: string;
  /** IPv6 CIDR; needs `ipv6`. */
  subnet6?: string;
  /** Needs `tenants`. */
  tenant?: string;
  /** `vlan` needs the capability of that name; default: the driver's own overlay or bridge. */
  encap?: "vxlan" | "vlan";
  /** 802.1Q tag, 1–4094; only with `encap: "vlan"`. */
  tag?: number;
}

/** What a workload shall be. */
export interface WorkloadSpec {
  /** Container name; the harness makes one up when it is left out. */
  name?: string;
  /** Ports to publish on the node. */
  publish?: { port: number; protocol?: "tcp" | "udp"; hostPort: number }[];
  /** A fixed address inside the subnet. */
  ip?: string;
  /** Policy group the workload joins; needs `policy`. */
  group?: string;
  /** A network namespace alone, without a container or an engine; needs `cni`. */
  bare?: boolean;
}

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
  connect(scope: Scope, workload: Workload): Promise<Workload>;
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

/** A line of the plugin's own listing of networks. */
export interface NetworkListing {
  tenant: string;
  name: string;
  encap: "vxlan" | "vlan";
  /** VNI or 802.1Q tag. */
  tag: number;
  /** CIDR. */
  subnet: string;
  /** Without prefix; empty when there is none. */
  gateway: string;
}

/** A collection of workloads of one network that policies bind. */
export interface GroupSpec {
  name: string;
  /** Name of the network within the tenant. */
  network: string;
  /** Names of policies of the same tenant. */
  policies: readonly string[];
  tenant?: string;
}

/** One rule of a policy; the higher priority wins. */
export interface Rule {
  /** Unique within the policy. */
  id: string;
  direction: "in" | "out";
  protocol: "tcp" | "udp" | "icmp" | "any";
  /** Destination port; left out: every port. */
  port?: number;
  action: "allow" | "deny";
  /** 1–100; default 1. */
  priority?: number;
  /** The other end: source of an `in` rule, destination of an `out` rule. An address may be a CIDR. */
  peer?: { group?: string; network?: string; address?: string };
}

/** A policy that exists. Changes resolve once every node has them. */
export interface Policy {
  readonly name: string;
  addRule(rule: Rule): Promise<void>;
  removeRule(id: string): Promise<void>;
  /** The rules as the plugin lists them, everything that was left out filled in or absent. */
  rules(): Promise<Rule[]>;
}

/** What a driver needs beyond an engine for a capability to be possible, e.g. a kernel feature. */
export type Needs = Partial<Record<Capability, readonly Feature[]>>;

/** Features of a host that are probed on every node before a capability that needs them is tried. */
export const features = {
  vxlan: "kernel VXLAN devices",
  vlan8021q: "kernel 802.1Q devices",
  macvlan: "kernel macvlan devices",
  openvswitch: "Open vSwitch (kernel module or userspace)",
  ipvs: "IP virtual server, which swarm's virtual addresses need",
  clusterStore: "an engine with --cluster-store (up to Docker 20.10)",
} as const;
export type Feature = keyof typeof features;

/** A driver that is installed on a cluster and can make networks. */
export interface InstalledDriver {
  /** Role of the interface that carries traffic between nodes; present when `multihost` is declared. */
  readonly underlay?: Role;
  /** Makes a network on all nodes; it is removed when `scope` closes. Engine refusals throw `Nonconformance`. */
  createNetwork(scope: Scope, spec?: NetworkSpec): Promise<Network>;
  /** What the plugin's own listing says of its networks, of one tenant or of all. */
  listNetworks?(tenant?: string): Promise<NetworkListing[]>;
  /** Present when `tenants` is declared. The tenant goes when `scope` closes, as do policies and groups. */
  createTenant?(scope: Scope, name: string): Promise<void>;
  listTenants?(): Promise<string[]>;
  /** Present when `policy` is declared. A policy belongs to a tenant; without one, to the default tenant. */
  createPolicy?(scope: Scope, name: string, tenant?: string): Promise<Policy>;
  listPolicies?(tenant?: string): Promise<string[]>;
  /** Present when `policy` is declared. Workloads join a group through `WorkloadSpec.group`. */
  createGroup?(scope: Scope, spec: GroupSpec): Promise<void>;
  listGroups?(tenant?: string): Promise<GroupSpec[]>;
  /** Present when `cni` is declared: every plugin call for a container so far, in the order in which they ended. */
  cniCalls?(containerId: string): readonly Invocation[];
  /** Present when `remote` is declared: what stands between the engines and the plugin. */
  readonly protocol?: ProtocolRecorder;
  /** Ends the plugin's process without warning and starts it again, where the driver can; networks and policies must stay. */
  restart?(): Promise<void>;
  /** Ends the plugin's process without warning; it is started again when `scope` closes, and has everything it had. */
  stop?(scope: Scope): Promise<void>;
  /** Names and versions of what was installed, for the report. */
  versions(): Promise<Record<string, string>>;
}

/**
 * The plugin under test. A driver file has a default export made by `defineDriver`.
 * Adding one touches its file, its test and one line of docs.
 */
export interface Driver {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly capabilities: readonly Capability[];
  readonly needs?: Needs;
  /**
   * Looks, before there is a cluster, whether the driver can be tried on an engine version, e.g. `26.1`, at all. Throws `Blocked` with the
   * reason where it cannot: the reason of every requirement then.
   */
  prepare?(engine: string): Promise<void>;
  /**
   * Puts the driver on the cluster's nodes, in the process that owns the run; what it did is undone when `scope`
   * closes. Idempotent, since a kept cluster may carry it already. What it resolves to reaches `connect` as plain JSON.
   * `session` closes at the end of the run also where the cluster is kept: for what this process serves. Throws `Blocked` where the nodes
   * lack what the driver as a whole needs.
   */
  install(scope: Scope, cluster: Cluster, session?: Scope): Promise<Attachment>;
  /** Speaks to the installed driver from any process. */
  connect(cluster: Cluster, attachment: Attachment): Promise<InstalledDriver>;
}

/** What `connect` must know about an installation, e.g. the address of the plugin's control socket. Plain JSON. */
export type Attachment = Readonly<Record<string, string>>;

/** Types a driver; `export default defineDriver({...})` is a whole driver file. */
export function defineDriver(driver: Driver): Driver {
  return driver;
}
