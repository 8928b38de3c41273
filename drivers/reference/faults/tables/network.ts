import type { FaultDescription } from "#suites/requirements/fault-description.ts";
import { bgpFaults } from "./bgp.ts";
import { connectionFaults } from "./connections.ts";
import { policyFaultsOverIpv6 } from "./policy.ts";
import { tenantFaults } from "./tenants.ts";

/**
 * Every way in which the reference plugin can be a bad network, by the name that switches it on: networks, names,
 * tenants, VLANs and policies, over IPv4 and over IPv6.
 */
export const referenceFaults = {
  "mtu-ignored": {
    breaks: "interfaces in overlay networks get the MTU of the underlay",
    why: "large packets vanish between the nodes while small ones pass",
    detectedBy: ["M8"],
    hop: { none: "the MTUs are compared before anything is sent" },
    mayFollow: ["M14"],
  },
  "udp-between-nodes-dropped": {
    breaks: "UDP that arrives from another node is dropped",
    why: "ping and TCP work, and nothing that speaks UDP",
    detectedBy: ["M4"],
    mayFollow: ["M8", "M11", "M14", "M16", "P6", "P8", "T5", "V2", "V4"],
    hop: ["last seen on node", " nv", " (in)"],
  },
  "overlay-without-tunnel": {
    breaks: "overlay networks cross the data interface as VLANs of their local tags, without VXLAN",
    why: "the traffic is bare on the wire and collides with others that use those VLANs",
    detectedBy: ["M6"],
    mayFollow: ["T6"],
  },
  "names-of-own-node-only": {
    breaks: "a network's resolver knows the containers of its own node only",
    why: "names work until the containers are on different nodes",
    detectedBy: ["M5"],
    hop: ["its question for the name: the answer of node", "came back to c-"],
    mayFollow: ["T4", "V2"],
  },
  "name-outlives-container": {
    breaks: "a name goes on resolving to the last address of a container that was removed",
    why: "clients connect to the container that gets the address next",
    detectedBy: ["M5"],
    hop: ["127.0.0.11 asked 169.254.", "came back to c-"],
    mayFollow: ["T4", "V2"],
  },
  "port-outlives-container": {
    breaks: "Leave keeps the container's port on the bridge",
    why: "the bridge fills up with dead ports",
    detectedBy: ["C1"],
    mayFollow: ["S5"],
  },
  "resolver-outlives-network": {
    breaks: "the namespace of a network's resolver stays when the network goes",
    why: "namespaces and processes pile up on the nodes",
    detectedBy: ["C1"],
    mayFollow: ["S5"],
  },
  "flows-outlive-network": {
    breaks: "flows of a network stay on the bridge when its ports and its overlay go",
    why: "the table of flows grows, and the next network with that tag meets the rules of one that is gone",
    detectedBy: ["C1"],
    mayFollow: ["S5"],
    names: ["ovs-flows: left behind"],
  },
  "gateway-taken-over": {
    breaks: "Join names the subnet's gateway, at which nobody answers",
    why: "docker_gwbridge is not attached, and containers have no egress",
    detectedBy: ["X1"],
    mayFollow: ["X2", "X3", "X4"],
  },
  ...tenantFaults,
  "rule-refused-without-name": {
    breaks: "a rule that cannot be is answered as: the rule cannot be added",
    why: "nobody can tell what of the rule was wrong",
    detectedBy: ["P10b"],
  },
  "port-out-of-range-cut": {
    breaks: "a rule's port that is out of range is cut down to 16 bits and kept",
    why: "a rule guards a port that nobody meant",
    detectedBy: ["P10"],
    mayFollow: ["P10b"],
  },
  "group-outside-its-network": {
    breaks: "containers of a group get addresses of another subnet than the group's network",
    why: "nobody in the network reaches the group",
    detectedBy: ["P2"],
    mayFollow: ["P3", "P4", "P5", "P6", "P7", "P8", "P9", "R1", "P11"],
  },
  "rule-listed-without-port": {
    breaks: "the listing of rules shows port 0 for every rule",
    why: "what is enforced and what is shown differ",
    detectedBy: ["P1"],
  },
  "group-not-listed": {
    breaks: "the listing of groups is empty",
    why: "nobody can see what a policy is attached to",
    detectedBy: ["P1"],
  },
  "policy-not-enforced": {
    breaks: "rules are kept and listed, and never reach the bridges",
    why: "everybody believes that the ports are closed",
    detectedBy: ["P3"],
    hop: ["it got through by c-", "eth0 (in)"],
    mayFollow: ["P4", "P5", "P6", "P7", "P8", "P9", "P11"],
  },
  "rule-deletion-ignored": {
    breaks: "a deleted rule stays in force",
    why: "a port cannot be opened again without restarting everything",
    detectedBy: ["P4"],
    hop: ["last seen on node", " nh", " (in)"],
    mayFollow: ["P5", "P8", "P11"],
  },
  "priority-inverted": {
    breaks: "the rule with the lower priority wins",
    why: "an exception to a general rule has no effect",
    detectedBy: ["P5"],
    hop: ["it got through by c-", "eth0 (in)"],
    mayFollow: ["P3", "P7", "P8", "P9"],
  },
  "ties-turn-on-restart": {
    breaks: "of two rules of one priority the other one wins once the plugin was started again",
    why: "a port that was closed is open after an update, though the same rules are listed",
    detectedBy: ["P11"],
    hop: {
      none: "that the state is another than before is told, and not what of it was expected to be open",
    },
  },
  "first-rule-wins": {
    breaks: "of two rules of one priority the one that was added first wins",
    why: "two policies that list the same rules do different things",
    detectedBy: ["P11"],
    hop: { none: "two answers are compared, and none of them is wrong by itself" },
    alone: true,
  },
  "tie-deleted-with-its-twin": {
    breaks: "when one of two rules of one priority is deleted, the other one is listed and not enforced",
    why: "a port that the listing shows as denied is open",
    detectedBy: ["P11"],
    hop: ["it got through by ", "c-", "eth0 (in)"],
    alone: true,
  },
  "deny-widened-to-icmp": {
    breaks: "a deny rule for TCP also drops ICMP",
    why: "path MTU discovery and diagnosis break with the first rule",
    detectedBy: ["P6"],
    hop: ["last seen on node", " nh", " (in)"],
  },
  "deny-widened-to-udp": {
    breaks: "a deny rule for TCP also drops UDP on every port",
    why: "name resolution breaks with the first rule",
    detectedBy: ["P6"],
    hop: ["last seen on node", " nh", " (in)"],
  },
  "policy-on-whole-network": {
    breaks: "all containers of a network with a group are members of the group",
    why: "containers that nobody meant are cut off",
    detectedBy: ["P6"],
    hop: ["last seen on node", " nh", " (in)"],
    mayFollow: ["P3", "P4", "P5", "P7", "P8", "P9", "P11"],
    // Which of its groups all are taken for changes with the groups of other tests.
    alone: true,
  },
  "policy-only-across-nodes": {
    breaks: "rules judge only what comes from another node",
    why: "a neighbour on the same node reaches every port",
    detectedBy: ["P7"],
    hop: ["it got through by c-", "eth0 (in)"],
    mayFollow: ["P3", "P4", "P5", "P8", "P9", "P11"],
  },
  "late-members-ignored": {
    breaks: "only the container that joined a group first is bound by its rules",
    why: "a container that restarts loses its protection",
    detectedBy: ["P7"],
    hop: ["it got through by c-", "eth0 (in)"],
    mayFollow: ["P9"],
  },
  "policy-lost-on-restart": {
    breaks: "a plugin that starts again knows the policies but none of their rules",
    why: "an update of the plugin opens every port",
    detectedBy: ["P9"],
    hop: { none: "the listing of rules is read first, and lacks them already" },
  },
  "endpoint-busy-until-it-leaves": {
    breaks: "DeleteEndpoint of an endpoint that has joined and has not left is refused as busy",
    why: "an engine that was killed sends no Leave, and what it was starting keeps its address and interface",
    detectedBy: ["R8"],
    mayFollow: ["C1", "R1"],
    alone: true,
  },
  "networks-lost-on-restart": {
    breaks: "a plugin that starts again knows no networks, endpoints and policies",
    why: "an update of the plugin cuts every container off",
    detectedBy: ["R5"],
    hop: ["last seen on node", "(out)"],
    alone: true,
  },
  "ipv6-lost-on-restart": {
    breaks:
      "a plugin that starts again forwards nothing over IPv6 from the containers that were there before",
    why: "an update of the plugin cuts every container off from what it reaches over IPv6",
    detectedBy: ["R5"],
    hop: ["last seen on node", " nh", " (in)"],
    alone: true,
  },
  "unremoved-endpoint-keeps-network": {
    breaks: "a network is not removed while it has an endpoint that no engine asked to remove",
    why: "where an engine never takes back what it had made, as after an answer that broke off, its networks pile up; the engine is to blame",
    detectedBy: ["R4"],
    outcome: "engine at fault",
    mayFollow: ["C1", "R1"],
    alone: true,
  },
  "group-found-by-an-id": {
    breaks:
      "a group whose name begins the id of an engine's network is taken for that network, and is no group",
    why: "its containers are bound by no policy, and whom that happens to is drawn by lot",
    detectedBy: ["P12"],
    alone: true,
  },
  "nothing-made-after-a-short-network": {
    breaks: "once a network was removed soon after it was made, networks and endpoints are refused",
    why: "a test system that makes and removes networks all day ends the plugin for everybody",
    detectedBy: ["R11"],
    hop: { none: "a network is not made, before anything is sent" },
    alone: true,
  },
  "ipv6-lost-after-a-short-network": {
    breaks: "once a network was removed soon after it was made, nothing is forwarded over IPv6",
    why: "a test system that makes and removes networks all day cuts everybody off from what they reach over IPv6",
    detectedBy: ["R11"],
    hop: ["not sent: nobody told the MAC of fd", "asked for last on node"],
    alone: true,
  },
  "policy-20-ms-late": {
    breaks: "the rules of a group bind a new member 20 ms after it was started",
    why: "what a container sends first gets past every policy, which is what an attacker in it needs",
    detectedBy: ["D3"],
    alone: true,
  },
  "policy-slow": {
    breaks: "a rule is in force 1.2 s after the order to add it has returned",
    why: "who closes a port and then opens its secrets to what is behind it has them read",
    detectedBy: ["D7"],
  },
  "rules-made-anew-for-each-group": {
    breaks: "whenever a group is made or removed, no rule of any group is in force for 20 ms",
    why: "who may make groups opens every other one for a moment, as often as they like",
    detectedBy: ["D3e"],
    alone: true,
  },
  "rules-go-before-interface": {
    breaks: "a container that leaves its network is out of its group 20 ms before its interface goes",
    why: "what is being stopped reaches what it never might",
    detectedBy: ["D3"],
    alone: true,
  },
  "tenant-20-ms-late": {
    breaks: "what a new container sends reaches other tenants on its node until 20 ms after it was started",
    why: "tenants see each other's packets whenever something starts",
    detectedBy: ["D3b"],
    alone: true,
  },
  "peer-ignored": {
    breaks: "the peer of a rule is ignored: it is for everybody",
    why: "a rule against one client locks all of them out",
    detectedBy: ["P8"],
    hop: ["it got through by c-", "eth0 (in)"],
  },
  "direction-ignored": {
    breaks: "out rules are enforced as in rules",
    why: "what may leave the group is not limited, and what may enter is",
    detectedBy: ["P8"],
    hop: ["it got through by c-", "eth0 (in)"],
  },
  "ipv6-moves-in-silence": {
    breaks: "nobody is told when an IPv6 address comes to a container with another MAC",
    why: "a container that gets an IPv6 address anew is not reached until its neighbours ask for it again",
    detectedBy: ["M11"],
    hop: ["last seen on node"],
  },
  "ipv6-address-leaked": {
    breaks: "an IPv6 address that an engine gives back stays taken, unless it is the gateway",
    why: "a container that crashes in a loop uses the IPv6 pool up, and nothing starts any more",
    detectedBy: ["R10"],
    alone: true,
  },
  "names-without-ipv6": {
    breaks: "resolvers know the IPv4 addresses of containers alone",
    why: "containers of a dual-stack network never use IPv6 with each other",
    detectedBy: ["I2"],
    hop: ["its question for the name: the answer of node", "came back to c-"],
  },
  "ipv6-of-all-tenants": {
    breaks: "IPv6 that a tenant's container sends gets to the containers of all tenants on its node",
    why: "tenants are apart over IPv4 and together over IPv6",
    detectedBy: ["I7"],
    hop: ["the answer of node1 to fd"],
  },
  "vlan-without-ipv6": {
    breaks: "IPv6 that arrives in a VLAN is dropped",
    why: "VLAN networks carry IPv4 alone, though IPv6 looks configured",
    detectedBy: ["I8"],
    hop: ["not sent: nobody told the MAC of fd", "asked for last on node"],
  },
  "policy-for-ipv4-alone": {
    breaks: "rules are enforced over IPv4 and not over IPv6",
    why: "every port that a policy closes is open over IPv6",
    detectedBy: ["I9"],
    hop: ["it got through by c-", "eth0 (in)"],
    mayFollow: ["I10"],
  },
  "policy-for-given-addresses-alone": {
    breaks: "over IPv6 rules bind the address that a member was given, and not its link-local one",
    why: "a neighbour gets past every rule by an address that nobody thinks of",
    detectedBy: ["I9"],
    hop: ["it got through by c-", "eth0 (in)"],
  },
  "ipv6-peer-ignored": {
    breaks: "a rule for the IPv6 address of a peer is for everybody",
    why: "a rule that lets one client in lets in all of them",
    detectedBy: ["I10"],
    hop: ["it got through by c-", "eth0 (in)"],
  },
  ...policyFaultsOverIpv6,
  ...bgpFaults,
  ...connectionFaults,
} as const satisfies Record<string, FaultDescription>;

export type ReferenceFaultName = keyof typeof referenceFaults;
export const referenceFaultNames = Object.keys(referenceFaults) as ReferenceFaultName[];
