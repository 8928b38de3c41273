import type { RequirementId } from "#suites/requirements/catalogue.ts";

/** One way in which the reference plugin can be a bad network, switched on by its name while it runs. */
export interface ReferenceFault {
  /** The requirement that must turn red. */
  readonly detectedBy: RequirementId;
  /** Requirements that may turn red with it, because they need what is broken. */
  readonly mayFollow?: readonly RequirementId[];
  /** What exactly the plugin does with the fault on. */
  readonly does: string;
  /** What goes wrong for a user of such a plugin. */
  readonly why: string;
  /** Runs only the tests of what it detectedBy: nothing else of the chapter can work. */
  readonly alone?: true;
}

/** Faults of networks, names, tenants and policies by name; those of the protocol have a table of their own. */
export const referenceFaults = {
  "mtu-ignored": {
    detectedBy: "M8",
    does: "interfaces in overlay networks get the MTU of the underlay",
    why: "large packets vanish between the nodes while small ones pass",
  },
  "udp-between-nodes-dropped": {
    detectedBy: "M4",
    mayFollow: ["M8", "P6", "P8", "T5", "V2", "V4"],
    does: "UDP that arrives from another node is dropped",
    why: "ping and TCP work, and nothing that speaks UDP",
  },
  "overlay-without-tunnel": {
    detectedBy: "M6",
    mayFollow: ["T6"],
    does: "overlay networks cross the data interface as VLANs of their local tags, without VXLAN",
    why: "the traffic is bare on the wire and collides with other users of those VLANs",
  },
  "names-of-own-node-only": {
    detectedBy: "M5",
    mayFollow: ["T4", "V2"],
    does: "a network's resolver knows the containers of its own node only",
    why: "names work until the containers are on different nodes",
  },
  "name-outlives-container": {
    detectedBy: "M5",
    mayFollow: ["T4", "V2"],
    does: "a name goes on resolving to the last address of a container that was removed",
    why: "clients connect to the next container with the address",
  },
  "port-outlives-container": {
    detectedBy: "C1",
    mayFollow: ["S5"],
    does: "Leave keeps the container's port on the bridge",
    why: "the bridge fills up with dead ports",
  },
  "resolver-outlives-network": {
    detectedBy: "C1",
    mayFollow: ["S5"],
    does: "the namespace of a network's resolver stays when the network goes",
    why: "namespaces and processes pile up on the nodes",
  },
  "gateway-taken-over": {
    detectedBy: "X1",
    mayFollow: ["X2", "X3", "X4"],
    does: "Join names the subnet's gateway, at which nothing answers",
    why: "docker_gwbridge is not attached, and containers have no egress",
  },
  "tenants-share-subnets": {
    detectedBy: "T2",
    mayFollow: ["T3", "T4", "T5", "T6", "T7"],
    does: "a subnet that is in use in one tenant is refused in another",
    why: "tenants must agree on their addresses",
  },
  "tenants-share-addresses": {
    detectedBy: "T3",
    mayFollow: ["T5"],
    does: "an address asked for that a container of another tenant has is refused",
    why: "tenants must agree on their addresses, container by container",
  },
  "tenants-without-names": {
    detectedBy: "T4",
    mayFollow: ["T5"],
    does: "the resolvers of all tenants but the default one know no names",
    why: "names work until there are tenants",
  },
  "tenant-not-listed": {
    detectedBy: "T1",
    does: "the listing of tenants has the default tenant only",
    why: "the listing does not show which tenants there are",
  },
  "one-vni-for-all": {
    detectedBy: "T6",
    mayFollow: ["T3", "T4", "T5"],
    does: "all overlay networks share one VNI and one tag",
    why: "tenants are on one wire",
  },
  "names-of-all-tenants": {
    detectedBy: "T5",
    mayFollow: ["T4"],
    does: "every resolver knows the containers of all tenants",
    why: "a tenant learns what the others run, and may get their addresses for its own names",
  },
  "subnet-refused-without-name": {
    detectedBy: "T7",
    does: "failures of IPAM calls are answered as: the request cannot be met",
    why: "the message does not say which subnet was wrong",
  },
  "tag-refused-without-name": {
    detectedBy: "V5",
    does: "failures of CreateNetwork are answered as: the network cannot be made",
    why: "the message does not say which tag was wrong",
  },
  "port-out-of-range-cut": {
    detectedBy: "P10",
    does: "a rule's port that is out of range is cut down to 16 bits and kept",
    why: "a rule guards another port than the one named",
  },
  "vlan-listed-without-tag": {
    detectedBy: "V1",
    does: "the listing of networks shows tag 0 for VLAN networks",
    why: "the listing does not show which VLAN to configure on the switch",
  },
  "vlan-not-connected": {
    detectedBy: "V2",
    mayFollow: ["V3", "V4"],
    does: "the data interface is no port of the bridge",
    why: "VLAN networks end at the node",
  },
  "wrong-vlan": {
    detectedBy: "V3",
    mayFollow: ["V4"],
    does: "frames carry the tag after the one asked for",
    why: "the nodes reach each other, and no other host on the VLAN",
  },
  "vlan-deaf-to-others": {
    detectedBy: "V4",
    does: "frames from the VLAN that come from no container of the plugin are dropped",
    why: "containers are in the VLAN and reach only each other there",
  },
  "group-outside-its-network": {
    detectedBy: "P2",
    mayFollow: ["P3", "P4", "P5", "P6", "P7", "P8", "P9", "R1"],
    does: "containers of a group get addresses of another subnet than the group's network",
    why: "no container in the network reaches the group",
  },
  "rule-listed-without-port": {
    detectedBy: "P1",
    does: "the listing of rules shows port 0 for every rule",
    why: "what is enforced and what is shown differ",
  },
  "group-not-listed": {
    detectedBy: "P1",
    does: "the listing of groups is empty",
    why: "the listing does not show what a policy is attached to",
  },
  "policy-not-enforced": {
    detectedBy: "P3",
    mayFollow: ["P4", "P5", "P6", "P7", "P8", "P9"],
    does: "rules are kept and listed, and never reach the bridges",
    why: "the ports are reported as closed",
  },
  "rule-deletion-ignored": {
    detectedBy: "P4",
    mayFollow: ["P5", "P8"],
    does: "a deleted rule stays in force",
    why: "a port cannot be opened again without restarting everything",
  },
  "priority-inverted": {
    detectedBy: "P5",
    mayFollow: ["P3", "P7", "P8", "P9"],
    does: "the rule with the lower priority wins",
    why: "an exception to a general rule has no effect",
  },
  "deny-widened-to-icmp": {
    detectedBy: "P6",
    does: "a deny rule for TCP also drops ICMP",
    why: "path MTU discovery and diagnosis break with the first rule",
  },
  "deny-widened-to-udp": {
    detectedBy: "P6",
    does: "a deny rule for TCP also drops UDP on every port",
    why: "name resolution breaks with the first rule",
  },
  "policy-on-whole-network": {
    detectedBy: "P6",
    mayFollow: ["P3", "P4", "P5", "P7", "P8", "P9"],
    does: "all containers of a network with a group are members of the group",
    why: "containers that no rule names are cut off",
  },
  "policy-only-across-nodes": {
    detectedBy: "P7",
    mayFollow: ["P3", "P4", "P5", "P8", "P9"],
    does: "rules judge only what comes from another node",
    why: "a neighbour on the same node reaches every port",
  },
  "late-members-ignored": {
    detectedBy: "P7",
    mayFollow: ["P9"],
    does: "only the container that joined a group first is bound by its rules",
    why: "a container that restarts loses its protection",
  },
  "policy-lost-on-restart": {
    detectedBy: "P9",
    does: "a plugin that starts again knows the policies but none of their rules",
    why: "an update of the plugin opens every port",
  },
  "networks-lost-on-restart": {
    detectedBy: "R5",
    alone: true,
    does: "a plugin that starts again knows no networks, endpoints and policies",
    why: "an update of the plugin cuts every container off",
  },
  "peer-ignored": {
    detectedBy: "P8",
    does: "the peer of a rule is ignored: it applies to every source",
    why: "a rule against one client locks all of them out",
  },
  "direction-ignored": {
    detectedBy: "P8",
    does: "out rules are enforced as in rules",
    why: "what may leave the group is not limited, and what may enter is",
  },
} as const satisfies Record<string, ReferenceFault>;

export type ReferenceFaultName = keyof typeof referenceFaults;
export const referenceFaultNames = Object.keys(referenceFaults) as ReferenceFaultName[];
