import { createHash } from "node:crypto";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { nthAddress, nthSubnet, parseNetwork, sizeOf } from "#harness/core/ip.ts";

/** What a network configuration may need to know of the network and of the node it is for. Addresses are texts. */
export interface NodeValues {
  /** Name of the network. */
  readonly name: string;
  /** The whole network as a CIDR. */
  readonly subnet: string;
  /** The node's own part of it as a CIDR. */
  readonly nodeSubnet: string;
  /** First address of the node's part. */
  readonly gateway: string;
  /** First and last address of the node's part for containers. */
  readonly rangeStart: string;
  readonly rangeEnd: string;
  /** Number of the node, from 1. */
  readonly node: number;
  /** Names for devices of this network, at most 15 characters. */
  readonly bridge: string;
  readonly vxlan: string;
  /** 24 bits. */
  readonly vni: number;
  /** MTU of the containers' interfaces in bytes: what VXLAN leaves of 1500, or what is wanted of the network. */
  readonly mtu: number;
  /** Devices and addresses of the node by role. */
  readonly managementDevice: string;
  readonly managementAddress: string;
  readonly controlDevice: string;
  readonly controlAddress: string;
  readonly dataDevice: string;
  readonly dataAddress: string;
  /** Present where the network's containers are to be announced to routers, and reached by their own address. */
  readonly announced?: true;
  /** Of a network that is dual-stack. */
  readonly ipv6?: Ipv6Values;
}

/** A node's part of the IPv6 subnet of a network, as `NodeValues` has it for IPv4. */
export interface Ipv6Values {
  readonly subnet: string;
  readonly nodeSubnet: string;
  readonly gateway: string;
  readonly rangeStart: string;
  readonly rangeEnd: string;
}

/** What is wanted of a network besides its name and IPv4 subnet. */
export interface WantedValues {
  /** Default 1450. */
  readonly mtu?: number;
  /** CIDR. */
  readonly subnet6?: string;
  readonly announced?: boolean;
}

/** The values of every node, in the cluster's order: the subnet is cut into equal parts, one for each node. */
export function nodeValuesOf(
  cluster: { nodes: readonly Pick<ClusterNode, "interfaces">[] },
  name: string,
  subnet: string,
  { mtu = 1450, subnet6, announced }: WantedValues = {},
): NodeValues[] {
  const partsOf = (whole: string, index: number) => partOf(whole, cluster.nodes.length, index);
  const hash = createHash("sha256").update(name).digest("hex");
  return cluster.nodes.map((node, index) => {
    return {
      name,
      ...partsOf(subnet, index),
      node: index + 1,
      bridge: `ncb-${hash.slice(0, 8)}`,
      vxlan: `ncx-${hash.slice(0, 8)}`,
      // 0 is for traffic without a network.
      vni: Number.parseInt(hash.slice(0, 6), 16) || 1,
      mtu,
      ...devicesOf(node),
      ...(announced ? { announced } : {}),
      ...(subnet6 ? { ipv6: partsOf(subnet6, index) } : {}),
    };
  });
}

/** One of as many equal parts of a subnet, with its first address for the gateway and its last one left out. */
function partOf(subnet: string, parts: number, index: number): Ipv6Values {
  const prefix = parseNetwork(subnet).prefix + Math.ceil(Math.log2(parts));
  const nodeSubnet = nthSubnet(subnet, prefix, index);
  return {
    subnet,
    nodeSubnet,
    gateway: nthAddress(nodeSubnet, 1),
    rangeStart: nthAddress(nodeSubnet, 2),
    rangeEnd: nthAddress(nodeSubnet, sizeOf(parseNetwork(nodeSubnet)) - 2n),
  };
}

function devicesOf({ interfaces: { management, control, data } }: Pick<ClusterNode, "interfaces">) {
  return {
    managementDevice: management.device,
    managementAddress: management.address,
    controlDevice: control.device,
    controlAddress: control.address,
    dataDevice: data.device,
    dataAddress: data.address,
  };
}
