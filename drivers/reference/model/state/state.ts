import { z } from "zod";

/** What an address in a pool is used for. A gateway is shared by the engines of a network and counted. */
const lease = z.discriminatedUnion("use", [
  z.object({
    use: z.literal("endpoint"),
    /** Whose engine asked for it; absent of what no engine asked for. */
    node: z.string().optional(),
  }),
  z.object({ use: z.literal("gateway"), count: z.number().int().positive() }),
]);

const pool = z.object({
  tenant: z.string(),
  /** CIDR. */
  subnet: z.string(),
  /** Requests not yet released, by pool id: the same pool may be held with several sub-pools. */
  holds: z.record(z.string(), z.object({ subPool: z.string(), count: z.number().int().positive() })),
  /** Address without prefix → what it is used for. */
  leases: z.record(z.string(), lease),
  /** Offset into the pool's hosts after which the search for a free address starts. */
  cursor: z.string(),
});

const network = z.object({
  tenant: z.string(),
  name: z.string(),
  encap: z.enum(["vxlan", "vlan", "routed"]),
  /** VNI of a vxlan network, 802.1Q tag of a vlan network, 0 of a routed one. */
  tag: z.number().int(),
  /** Tag of the network's ports on the bridges of the nodes; the 802.1Q tag itself for a vlan network, 0 where it has no ports there. */
  localTag: z.number().int(),
  /** CIDR. */
  subnet: z.string(),
  gateway: z.string(),
  subnet6: z.string().optional(),
  gateway6: z.string().optional(),
  /** Link-local address at which the network's resolver answers on every node. */
  resolver: z.string(),
});

const endpoint = z.object({
  id: z.string(),
  node: z.string(),
  /** Id of the engine's network. */
  engineNetwork: z.string(),
  /** Key `tenant/name`. */
  network: z.string(),
  group: z.string().optional(),
  /** CIDRs. */
  ipv4: z.string(),
  ipv6: z.string().optional(),
  mac: z.string(),
  /** Path of the sandbox's namespace; present between Join and Leave. */
  sandbox: z.string().optional(),
  /** Names and aliases of the container, as its engine told. */
  names: z.array(z.string()),
});

/** A port of the node that leads to a container. */
export const portShape = z.object({
  hostPort: z.number().int().min(1).max(65_535),
  containerPort: z.number().int().min(1).max(65_535),
  protocol: z.enum(["tcp", "udp"]).default("tcp"),
  /** Only on this address of the node; default: on all. */
  hostIP: z.ipv4().or(z.literal("")).default(""),
});

/** An interface that a container was given through CNI. */
const attachment = z.object({
  id: z.string(),
  node: z.string(),
  containerId: z.string(),
  ifName: z.string(),
  /** Path of the container's namespace at ADD. */
  netns: z.string(),
  /** Name of the CNI network. */
  network: z.string(),
  endpoint: z.string(),
  /** Its interface to the outside, with the address (CIDR) there. */
  egress: z.object({ address: z.string(), ports: z.array(portShape) }).optional(),
});

/** One rule of a policy. A peer is the other end: source of an `in` rule, destination of an `out` rule. */
export const ruleShape = z.object({
  id: z.string().min(1),
  direction: z.enum(["in", "out"]),
  protocol: z.enum(["tcp", "udp", "icmp", "any"]),
  /** Destination port; 0 is every port. */
  port: z.number().int().default(0),
  action: z.enum(["allow", "deny"]),
  /** 1–100, the higher wins. At equal priority deny wins. */
  priority: z.number().int().default(1),
  peer: z
    .object({
      group: z.string().exactOptional(),
      network: z.string().exactOptional(),
      address: z.string().exactOptional(),
    })
    .default({}),
});

const policy = z.object({ tenant: z.string(), name: z.string(), rules: z.record(z.string(), ruleShape) });

const group = z.object({
  tenant: z.string(),
  name: z.string(),
  /** Key `tenant/name`. */
  network: z.string(),
  policies: z.array(z.string()),
  /** By which the nodes know its members; no other group had it before. 0 in a state file from before there were marks. */
  mark: z.number().int().nonnegative().default(0),
});

/** The BGP speaker of a node, which announces the endpoints of routed networks. */
export const speakerShape = z.object({
  as: z.number().int().positive(),
  /** CIDRs of the node on its data interface. */
  addresses: z.array(z.string()),
  neighbors: z.array(z.object({ address: z.string(), as: z.number().int().positive() })),
});

/** Everything the plugin knows; the contents of its state file. Keys of networks, groups and policies are `tenant/name`. */
export const stateShape = z.object({
  version: z.literal(1),
  tenants: z.array(z.string()),
  pools: z.record(z.string(), pool),
  networks: z.record(z.string(), network),
  /** Networks of engines, by their id: what a CreateNetwork call made, or a node's part of a network of CNI. */
  engineNetworks: z.record(
    z.string(),
    z.object({
      id: z.string(),
      node: z.string(),
      network: z.string(),
      group: z.string().optional(),
      /** Made by the first ADD that named it; goes with the last DEL. */
      onDemand: z.boolean().optional(),
    }),
  ),
  endpoints: z.record(z.string(), endpoint),
  attachments: z.record(z.string(), attachment).default({}),
  /** By node. */
  speakers: z.record(z.string(), speakerShape).default({}),
  policies: z.record(z.string(), policy),
  groups: z.record(z.string(), group),
  /** Of the group that is made next. */
  nextMark: z.number().int().positive().default(1),
});

export type State = z.output<typeof stateShape>;
export type PoolState = z.output<typeof pool>;
export type NetworkState = z.output<typeof network>;
export type EndpointState = z.output<typeof endpoint>;
export type SpeakerState = z.output<typeof speakerShape>;
export type AttachmentState = z.output<typeof attachment>;
export type PortMapping = z.output<typeof portShape>;
export type PolicyState = z.output<typeof policy>;
export type GroupState = z.output<typeof group>;
export type RuleState = z.output<typeof ruleShape>;
/** A rule as a user gives it: port, priority and peer may be left out. */
export type RuleRequest = z.input<typeof ruleShape>;

export const defaultTenant = "default";

export function emptyState(): State {
  return {
    version: 1,
    tenants: [defaultTenant],
    pools: {},
    networks: {},
    engineNetworks: {},
    endpoints: {},
    attachments: {},
    speakers: {},
    policies: {},
    groups: {},
    nextMark: 1,
  };
}

export function keyOf(tenant: string, name: string): string {
  return `${tenant}/${name}`;
}
