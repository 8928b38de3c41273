import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addTable, drop, firstNode, inside, interfaceOf, secondNode } from "./tools.ts";

const overlay = { tier: "chapters", chapter: "multihost", driver: "overlay" } as const;
const reference = { ...overlay, driver: "reference" } as const;

/** Faults of what changes under containers that run: addresses that move, networks that were quiet. */
export const changeFaults: readonly Fault<"chapters">[] = [
  {
    name: "forwarding-entry-kept",
    on: overlay,
    breaks: "keeps the first node's forwarding entry of an address that has moved to the second node",
    why: "a container that gets an address anew is reached from some nodes and not from others",
    detectedBy: ["M11"],
    hop: ["last seen on node1 1-", " veth", " (in)"],
    inject: {
      "workload connected": async (context, { workload, network }) => {
        if (!workload.ip.startsWith(movingSubnet) || workload.node !== secondNode(context)) return;
        await keepEntry(firstNode(context), network, workload);
      },
    },
  },
  {
    name: "mtu-of-a-wider-wire",
    on: overlay,
    breaks: "gives a container the MTU of a wire of 1500 bytes in a network that was made for a narrower one",
    why: "connections open and then hang, wherever the nodes are joined by a tunnel",
    detectedBy: ["M14"],
    hop: { none: "the MTUs are compared before anything is sent" },
    inject: {
      "workload started": async (context, { workload }) => {
        if (!workload.ip.startsWith(narrowSubnet) || workload.node !== firstNode(context)) return;
        await inside(workload, ["ip", "link", "set", await interfaceOf(workload), "mtu", "1450"]);
      },
    },
  },
  {
    name: "large-ipv6-lost",
    on: reference,
    breaks: "drops IPv6 packets of more than 1280 bytes that arrive at the container on the second node",
    why: "over IPv6 connections open and then hang with the first large packet, and IPv4 looks well",
    detectedBy: ["M8"],
    mayFollow: ["M14"],
    hop: ["it arrived at c-", "dropped by inet fault_", "ip6 length > 1240 drop"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (workload.node !== secondNode(context)) return;
        await drop(scope, workload, "input", largeIpv6);
      },
    },
  },
  {
    name: "large-ipv6-lost-on-a-narrow-wire",
    on: reference,
    breaks: "drops IPv6 packets of more than 1280 bytes in a network that was made for a narrow wire",
    why: "over IPv6 connections open and then hang, wherever the nodes are joined by a tunnel",
    detectedBy: ["M14"],
    hop: ["it arrived at c-", "dropped by inet fault_", "ip6 length > 1240 drop"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (!workload.ip.startsWith(narrowSubnet) || workload.node !== secondNode(context)) return;
        await drop(scope, workload, "input", largeIpv6);
      },
    },
  },
  {
    name: "neighbour-found-once",
    on: overlay,
    breaks: "lets one answer to ARP into the container on the first node, and none after it",
    why: "connections work until the network was quiet for a while, and then nobody opens one",
    detectedBy: ["M16"],
    hop: ["not sent: the MAC of 10.1.16.", "was told, last seen on c-", "eth0 (in)"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (!workload.ip.startsWith(quietSubnet) || workload.node !== firstNode(context)) return;
        const chain = "type filter hook input priority 0;";
        const late = "arp operation reply quota over 50 bytes drop;";
        await addTable(scope, workload, "arp", `chain judge { ${chain} ${late} }`);
      },
    },
  },
  {
    name: "ipv6-neighbour-found-once",
    on: reference,
    breaks: "lets one answer to neighbour discovery into the container on the first node, and none after it",
    why: "connections over IPv6 work until the network was quiet for a while, and IPv4 looks well",
    detectedBy: ["M16"],
    hop: ["it did not leave c-"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (!workload.ip.startsWith(quietSubnet) || workload.node !== firstNode(context)) return;
        const chain = "type filter hook input priority 0;";
        const late = `${solicited} quota over 100 bytes drop;`;
        await addTable(scope, workload, "inet", `chain judge { ${chain} ${late} }`);
      },
    },
  },
];

/** What comes after the header of 40 bytes is its length. No link of IPv6 carries less than 1280 bytes (RFC 8200, section 5). */
const largeIpv6 = "ip6 length > 1240";
/** Advertisements that answer, of 72 bytes: those with the flag S (RFC 4861, section 4.4). */
const solicited = "icmpv6 type nd-neighbor-advert @th,32,8 & 0x40 == 0x40";

/** How the addresses begin that the chapter moves, and those of its networks on a narrow wire and without traffic. */
const movingSubnet = "10.1.11.";
const narrowSubnet = "10.1.14.";
const quietSubnet = "10.1.16.";

/** An entry that learning does not change: in the overlay's bridge on the node the MAC is behind a port that leads nowhere. */
export async function keepEntry(node: ClusterNode, network: string, { ip, mac }: Workload): Promise<void> {
  const id = (await node.run(["docker", "network", "inspect", "--format", "{{.Id}}", network])).trim();
  const script = `
    inside="nsenter --net=/run/docker/netns/1-$1"
    $inside ip link show "$2" || { $inside ip link add "$2" type veth peer name "$2p" && $inside ip link set "$2" master br0 up; }
    $inside bridge fdb replace "$3" dev "$2" master static sticky`;
  const device = `fault${ip.split(".").at(-1)}`;
  await node.run(["sh", "-c", script, "sh", id.slice(0, 10), device, mac]);
}
