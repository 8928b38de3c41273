import type { Cluster, ClusterNode, Role } from "#harness/cluster/cluster.ts";
import type { DriverAttachment } from "#harness/cluster/state.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Settings, WorkloadRuntimeName } from "#harness/core/settings/schema.ts";
import type { Network, NetworkSpec } from "#harness/workload/network.ts";
import type { Capability, Feature } from "#suites/requirements/capability.ts";

/** A line of the plugin's own listing of networks. */
export interface NetworkListing {
  tenant: string;
  name: string;
  /** `routed`: none. */
  encap: "vxlan" | "vlan" | "routed";
  /** VNI or 802.1Q tag; 0 of a routed network. */
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

/** What the rules that bind a group mean beside each other. */
export interface PolicySemantics {
  /**
   * `priority`: of the rules that match, the one with the highest priority decides, and what none matches is allowed.
   * `additive`: rules only allow, and once a group has one for a direction, what none of them matches is blocked, as by
   * NetworkPolicies of Kubernetes.
   */
  readonly combine: "priority" | "additive";
  /** With `priority`: which action wins among matching rules of the same highest priority; `unspecified`: neither is promised. */
  readonly ties: "deny" | "allow" | "unspecified";
  /**
   * What becomes of connections that are established when a change of rules forbids what they are: `cut`, so that nothing of them gets through any
   * more in either direction, or `keep`, so that they go on as they are. The same on every node, for rules of both directions, over TCP and UDP. Left
   * out: not promised.
   */
  readonly established?: "cut" | "keep";
}

/** What holds where a driver says nothing else: what the reference plugin documents. */
export const usualPolicySemantics: PolicySemantics = { combine: "priority", ties: "deny" };

/**
 * How long connections that are established, and flows of datagrams, may stand still at most, in milliseconds, while something of
 * the network is restarted; TCP connections must go on. What is left out is not promised. Whole numbers from 1 to 25000: what stands still for
 * longer counts as lost.
 */
export interface HeldGaps {
  /** While the plugin is restarted, as by `restart`. */
  readonly plugin?: number;
  /** While an engine is restarted that leaves its containers alone (`--live-restore`). */
  readonly engine?: number;
  /**
   * While `install` takes over on a cluster from another version of the plugin, of a driver with the same name: its networks are there, their
   * containers run, and what served it from the process that installed it has ended. Left out also where `install` does not take over.
   */
  readonly upgrade?: number;
}

/** A policy that exists. Changes resolve once every node has them. */
export interface Policy {
  readonly name: string;
  addRule(rule: Rule): Promise<void>;
  removeRule(id: string): Promise<void>;
  /** The rules as the plugin lists them, everything that was left out filled in or absent. */
  rules(): Promise<Rule[]>;
}

/** How a node is to speak BGP. */
export interface BgpSpec {
  readonly node: ClusterNode;
  /** The node's own AS number, of those for private use (RFC 6996). */
  readonly as: number;
  /** CIDRs that the node is to have on its data interface, on whose wire the routers are: IPv4, and IPv6 with `ipv6`. */
  readonly addresses: readonly string[];
  /** Routers on that wire, of another AS; one session for each address, which carries the routes of its IP version. */
  readonly neighbors: readonly { readonly address: string; readonly as: number }[];
}

/** A BGP session as the plugin lists it. */
export interface BgpSession {
  /** Name of the node. */
  readonly node: string;
  /** Address of the router, without prefix. */
  readonly neighbor: string;
  /** AS number of the router. */
  readonly as: number;
  readonly established: boolean;
  /** The plugin's word for its state. */
  readonly state: string;
}

/** What a driver needs beyond an engine for a capability to be possible, e.g. a kernel feature. */
export type Needs = Partial<Record<Capability, readonly Feature[]>>;

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
  /**
   * Present when `bgp` is declared. Gives the node its addresses on the data interface and has it speak BGP to its routers, until
   * `scope` closes; endpoints of networks that are made with `announced` are announced from then on. Need not wait for sessions.
   */
  speakBgp?(scope: Scope, spec: BgpSpec): Promise<void>;
  /** Present when `bgp` is declared: every session that `speakBgp` asked for, established or not. */
  listBgpSessions?(): Promise<BgpSession[]>;
  /** Present when `cni` is declared: every plugin call for a container so far, in the order in which they ended. */
  cniCalls?(containerId: string): readonly Invocation[];
  /** Present when `remote` is declared: the recorder between the engines and the plugin. */
  readonly protocol?: ProtocolRecorder;
  /** Ends the plugin's process without warning and starts it again, where the driver can; networks and policies must stay. */
  restart?(): Promise<void>;
  /** Ends the plugin's process without warning; it is started again when `scope` closes, and has everything it had. */
  stop?(scope: Scope): Promise<void>;
  /**
   * Has the plugin make new keys for encrypted networks every few seconds until `scope` closes, where the driver can. Engines may be
   * restarted for it, before it resolves and when `scope` closes. Throws `Blocked` where it cannot be had here.
   */
  rotateKeys?(scope: Scope): Promise<void>;
  /**
   * Has the plugin make its rules anew in a node's firewall, which somebody flushed, where the driver can; resolves when they are there.
   * Containers may end meanwhile, and are started again by who asked.
   */
  restoreFirewall?(node: ClusterNode): Promise<void>;
  /**
   * Present when `lostNodes` is declared. Tells the plugin that a node, of which nothing answers any more, will not come back; resolves when its
   * other nodes have given up what containers of that node had. When `scope` closes the node's engine answers again, and the
   * node is made part of the cluster anew. Throws `Blocked` where it cannot be had here.
   */
  giveUpNode?(scope: Scope, node: ClusterNode): Promise<void>;
  /** Names and versions of what was installed, for the statement. Not known is no failure. */
  versions?(): Promise<Record<string, string>>;
}

/** What a driver is given of the settings: where it writes, and where what it installs or calls is found. */
export type DriverSettings = Pick<
  Settings,
  "REPORTS" | "CACHE" | "MIRROR" | "CNI_PATH" | "RUNTIME" | "CONTIV" | "CONTIV_SHA256"
>;

/**
 * The plugin under test. A driver file has a default export made by `defineDriver`: a driver, or a function that makes one.
 * Adding one touches its file, its test and one line of docs.
 */
export interface Driver {
  /** Version of the driver API that it was written for; absent: the current one, as `apiVersion` says. */
  readonly apiVersion?: number;
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly capabilities: readonly Capability[];
  readonly needs?: Needs;
  /** What starts its workloads where that is no engine: the setting RUNTIME. */
  readonly runtime?: WorkloadRuntimeName;
  /** What its rules mean beside each other, where it declares `policy`; left out: `usualPolicySemantics`. */
  readonly policySemantics?: PolicySemantics;
  /** How long established connections may stand still; left out: nothing is promised. */
  readonly heldGapMs?: HeldGaps;
  /**
   * Looks, before there is a cluster, whether the driver can be tried on an engine version, e.g. `26.1`, at all. Throws `Blocked` with the
   * reason where it cannot: the reason of every requirement then.
   */
  prepare?(engine: string): Promise<void>;
  /**
   * The plugin's executables on the nodes, absolute paths, once it is installed. Reports name them with their SHA-256; those that
   * are not there are left out.
   */
  binaries?(cluster: Cluster): Promise<readonly string[]>;
  /**
   * Puts the driver on the cluster's nodes, in the process that owns the run; what it did is undone when `scope`
   * closes. Left out where the engines bring the driver. Idempotent, since a kept cluster may carry it already. What it resolves to reaches `connect` as plain JSON.
   * `session` closes at the end of the run also where the cluster is kept: for what this process serves. Throws `Blocked` where the nodes
   * lack what the driver as a whole needs.
   */
  install?(scope: Scope, cluster: Cluster, session?: Scope): Promise<DriverAttachment>;
  /**
   * Speaks to the installed driver from any process. Of a driver that `loadDriver` made it throws `UsageError` when a declared
   * capability is without its methods.
   */
  connect(cluster: Cluster, attachment: DriverAttachment): Promise<InstalledDriver>;
}

/** Makes a driver that depends on the settings. Called each time the driver is loaded; what it throws ends the run. */
export type DriverFactory = (settings: DriverSettings) => Driver | Promise<Driver>;

/** Types a driver, or a function of the settings that makes one; `export default defineDriver({...})` is a whole driver file. */
export function defineDriver(driver: Driver): Driver;
export function defineDriver(factory: DriverFactory): DriverFactory;
export function defineDriver(given: Driver | DriverFactory): Driver | DriverFactory {
  return given;
}
