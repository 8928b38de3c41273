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
  sctp: "ports can be published over SCTP too",
  hairpin: "over CNI: containers of its own node reach a published port too",
  gwbridge: "the egress is a second interface on docker_gwbridge",
  hotplug: "a running container can join and leave a network",
  isolation: "containers of different networks do not reach each other",
  internal: "networks can be internal: no egress, nothing published",
  gatewayModes: "networks can be routed without translation, and isolated from their node",
  encrypted: "traffic of a network between nodes can be encrypted, by ESP",
  scheduling: "networks can be used by swarm services",
  lostNodes: "a node that is lost for good can be given up, with all that its containers had",
  ipv6: "networks can be dual-stack",
  ipv6Egress: "over CNI: egress and published ports carry IPv6 too",
  tenants: "tenants with overlapping names, subnets and addresses",
  vlan: "networks that are an 802.1Q VLAN on the data interface",
  bgp: "endpoints are announced to routers by BGP, and reached through them by their own address",
  policy: "groups with policies of ordered allow and deny rules",
  cni: "a runtime attaches containers through CNI plugins",
  remote: "engines speak the CNM plugin protocol with it, over a socket that can be recorded",
} as const;
export type Capability = keyof typeof capabilities;

/** Features of a host that are probed on every node before a capability that needs them is tried. */
export const features = {
  vxlan: "kernel VXLAN devices",
  vlan8021q: "kernel 802.1Q devices",
  macvlan: "kernel macvlan devices",
  openvswitch: "Open vSwitch (kernel module or userspace)",
  esp: "kernel ESP (IPsec) with AES-GCM, which Docker encrypts overlays with",
  ipv6: "IPv6, not switched off, with address translation by ip6tables",
  sctp: "SCTP, of which the external host has sockets too, with address translation by iptables",
  bird: "BIRD, a BGP speaker (Debian's package bird2)",
  ipvs: "IP virtual server, which swarm's virtual addresses need",
  clusterStore: "an engine with --cluster-store (up to Docker 20.10)",
} as const;
export type Feature = keyof typeof features;

/** Capabilities that need a feature which most hosts' kernels lack: a rule about one is blocked there, and so are its faults. */
export const scarce: Partial<Record<Capability, Feature>> = { sctp: "sctp", encrypted: "esp" };
