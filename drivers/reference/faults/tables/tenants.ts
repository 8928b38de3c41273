import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/** Ways in which tenants and VLAN networks of the reference plugin can be less than they should, by the name that switches one on. */
export const tenantFaults = {
  "tenants-share-subnets": {
    breaks: "a subnet that is in use in one tenant is refused in another",
    why: "tenants must agree on their addresses",
    detectedBy: ["T2"],
    mayFollow: ["T3", "T4", "T5", "T6", "T7", "T7b", "T8"],
  },
  "tenants-share-addresses": {
    breaks: "an address asked for that a container of another tenant has is refused",
    why: "tenants must agree on their addresses, container by container",
    detectedBy: ["T3"],
    mayFollow: ["T5", "T8"],
  },
  "tenants-without-names": {
    breaks: "the resolvers of all tenants but the default one know nobody",
    why: "names work until there are tenants",
    detectedBy: ["T4"],
    hop: ["its question for the name: the answer of node", "came back to c-"],
    mayFollow: ["T5"],
  },
  "allowed-address-of-all-tenants": {
    breaks: "a rule that allows an address lets in who has it in another tenant, on its node",
    why: "an exception for one's own client opens the group to somebody else's",
    detectedBy: ["D1"],
  },
  "tenant-not-listed": {
    breaks: "the listing of tenants has the default tenant only",
    why: "nobody can see which tenants there are",
    detectedBy: ["T1"],
  },
  "one-vni-for-all": {
    breaks: "all overlay networks share one VNI and one tag",
    why: "tenants are on one wire",
    detectedBy: ["T6"],
    mayFollow: ["T3", "T4", "T5", "T8"],
  },
  "one-vni-for-ipv6": {
    breaks: "IPv6 of all tenants crosses the wire with the VNI of one of them",
    why: "tenants are apart on the wire over IPv4, and together over IPv6",
    detectedBy: ["T6"],
  },
  "names-of-all-tenants": {
    breaks: "every resolver knows the containers of all tenants",
    why: "a tenant learns what the others run, and may get their addresses for its own names",
    detectedBy: ["T5"],
    hop: ["127.0.0.11 asked 169.254.", "came back to c-"],
    mayFollow: ["T4"],
  },
  "subnet-refused-without-name": {
    breaks: "failures of IPAM calls are answered as: the request cannot be met",
    why: "nobody can tell which subnet was wrong",
    detectedBy: ["T7b"],
  },
  "full-subnet-overflows": {
    breaks: "a subnet whose addresses are all in use gives its broadcast address",
    why: "a container has an address to which nobody's packets go",
    detectedBy: ["T7"],
    mayFollow: ["T7b", "R1"],
  },
  "address-lost-with-twin": {
    breaks: "when a container goes, nothing passes any more from one that has its address in another tenant",
    why: "one tenant's life breaks another's network",
    detectedBy: ["T8"],
    hop: {
      none: "both ways are lost, and which of them first, so on which hop, is up to whose MAC is still known",
    },
  },
  "tag-refused-without-name": {
    breaks: "failures of CreateNetwork are answered as: the network cannot be made",
    why: "nobody can tell which tag was wrong",
    detectedBy: ["V5b"],
  },
  "tag-replaced": {
    breaks: "a tag that is in use is replaced by another one in silence",
    why: "the network is in a VLAN that nobody has on the switch",
    detectedBy: ["V5"],
    mayFollow: ["V5b"],
  },
  "vlan-listed-without-tag": {
    breaks: "the listing of networks shows tag 0 for VLAN networks",
    why: "nobody can tell which VLAN to put on the switch",
    detectedBy: ["V1"],
  },
  "vlan-not-connected": {
    breaks: "the data interface is no port of the bridge",
    why: "VLAN networks end at the node",
    detectedBy: ["V2"],
    hop: ["not sent: nobody told the MAC of 10.1.3.", "asked for last on node", " nr"],
    mayFollow: ["V3", "V4"],
  },
  "wrong-vlan": {
    breaks: "frames carry the tag after the one asked for",
    why: "the nodes reach each other, and nobody else on the VLAN",
    detectedBy: ["V3"],
    mayFollow: ["V4"],
  },
  "vlan-deaf-to-others": {
    breaks: "frames from the VLAN that come from no container of the plugin are dropped",
    why: "containers are in the VLAN and reach nobody there but each other",
    detectedBy: ["V4"],
    hop: ["not sent: nobody told the MAC of 10.1.3.", "asked for last on node", "(in)"],
  },
} as const satisfies Record<string, FaultDescription>;
