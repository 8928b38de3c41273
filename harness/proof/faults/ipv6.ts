import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { formatAddress, networkOf, nthAddress, parseCidr } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { isInternal, untranslated } from "./datapath.ts";
import { dropPublished, portsLostWithTheEngine, publishedBy } from "./lifecycle.ts";
import { drop, firstNode, inside, ipv6Of, onFirstWorkload, onRequirement } from "./tools.ts";

/** Docker filters and translates IPv6 since 27.0. */
const bridge = { tier: "chapters", chapter: "ipv6", driver: "bridge", engine: "28.5" } as const;
/** The same for what both IP versions are asked in. */
const datapath = { ...bridge, chapter: "datapath" } as const;
const lifecycle = { ...bridge, chapter: "lifecycle" } as const;
/** Before an expression of nftables: what arrives over IPv6 alone. */
const overIpv6 = "meta nfproto ipv6 ";
/** Docker's names for the bridges of networks begin so. */
const anyBridge = "br-+";

/** Faults of what carries IPv6; those of a plugin's tenants, VLANs and policies are the reference plugin's own. */
export const ipv6Faults: readonly Fault<"chapters">[] = [
  {
    name: "neighbours-without-udp-over-ipv6",
    on: bridge,
    breaks: "drops UDP over IPv6 that a container gets from others of its network",
    why: "a service is reached over IPv4, and clients that prefer IPv6 wait for nothing",
    detectedBy: ["I1"],
    hop: ["it arrived at c-", "dropped by inet fault_", "meta l4proto udp"],
    inject: {
      "workload started": async (_context, { workload, scope }) => {
        const subnet = await subnetOf(workload);
        if (subnet === undefined) return;
        // What the engine's proxy hands on comes from the gateway.
        const match = `meta l4proto udp ip6 saddr ${subnet} ip6 saddr != ${nthAddress(subnet, 1)}`;
        await drop(scope, workload, "input", match);
      },
    },
  },
  {
    name: "ipv6-egress-untranslated",
    on: bridge,
    breaks: "lets IPv6 leave the node with the container's own address",
    why: "containers get no answer over IPv6 from outside: nobody there routes their addresses",
    detectedBy: ["I3"],
    hop: ["it arrived at external eth", "(in) from fd", "and no answer was sent"],
    inject: {
      // An engine puts its own rule first when it makes a network.
      "workload started": onFirstWorkload("driver's", async ({ workload: { node } }, { chapter }) => {
        const { device } = node.interfaces.management;
        await insertIpv6Rule(chapter, node, "nat", ["POSTROUTING", "-o", device, "-j", "ACCEPT"]);
      }),
    },
  },
  {
    name: "published-port-closed-over-ipv6",
    on: bridge,
    breaks: "drops what arrives over IPv6 for a published UDP port",
    why: "a published name server or game server answers over IPv4 alone",
    detectedBy: ["I4"],
    hop: ["last seen on node1 ", "dropped by inet fault_", "udp dport"],
    inject: {
      "requirement begins": onRequirement("I4", (context, scope) =>
        drop(scope, firstNode(context), "prerouting", `meta nfproto ipv6 udp dport ${publishedUdp}`),
      ),
    },
  },
  {
    name: "networks-joined-over-ipv6",
    on: bridge,
    breaks: "forwards IPv6 from every network of a node to every other",
    why: "a container is attacked from a network that it is not in, and IPv4 looks safe",
    detectedBy: ["I5"],
    hop: ["it got through by c-", "let through by ip6 filter FORWARD on node1"],
    inject: {
      "requirement begins": onRequirement("I5", (context, scope) => joinNetworks(scope, firstNode(context))),
    },
  },
  {
    name: "udp-between-networks-over-ipv6",
    on: bridge,
    breaks: "forwards UDP over IPv6 from every network of a node to every other, and nothing else",
    why: "a name server of a network is asked over IPv6 from another one, and TCP and ping look safe",
    detectedBy: ["I5"],
    hop: ["(udp ", "it got through by c-", "let through by ip6 filter FORWARD on node1"],
    inject: {
      "requirement begins": onRequirement("I5", (context, scope) =>
        joinNetworks(scope, firstNode(context), ["-p", "udp"]),
      ),
    },
  },
  {
    name: "internal-network-with-an-ipv6-egress",
    on: datapath,
    breaks: "gives containers of an internal network an egress over IPv6",
    why: "what was to be kept from the outside gets there over IPv6, and IPv4 looks safe",
    detectedBy: ["B10"],
    hop: ["it got through by c-"],
    inject: {
      "workload started": async (_context, { workload, network, scope }) => {
        if (!(await isInternal(workload, network))) return;
        const { node, name } = workload;
        const way = uniqueName("way");
        const create = ["docker", "network", "create", "--ipv4=false", "--ipv6", way];
        await withUndo(scope, node, create, ["docker", "network", "rm", way]);
        const command = (verb: string) => ["docker", "network", verb, way, name];
        await withUndo(scope, node, command("connect"), command("disconnect"));
      },
    },
  },
  {
    name: "ipv6-default-route-lost-with-a-network",
    on: datapath,
    breaks: "takes the IPv6 default route from a container that leaves a network",
    why: "a container that leaves one of its networks loses the outside over IPv6 for good",
    detectedBy: ["B11"],
    mayFollow: ["X8b"],
    hop: ["it did not leave c-", "no route to"],
    inject: {
      "workload disconnected": async (_context, { workload }) => {
        await inside(workload, ["ip", "-6", "route", "del", "default"]);
      },
    },
  },
  {
    name: "bound-port-closed-over-ipv6",
    on: datapath,
    breaks: "drops what arrives over IPv6 for a TCP port that is published as the container's own",
    why: "a service is reached over IPv4 alone, where its port was not changed",
    detectedBy: ["X5a"],
    mayFollow: ["X5b"],
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "tcp dport 9120 drop"],
    inject: {
      "requirement begins": onRequirement("X5a", (context, scope) =>
        drop(scope, firstNode(context), "prerouting", `meta nfproto ipv6 tcp dport ${equalTcp}`),
      ),
    },
  },
  {
    name: "ipv6-conntrack-entry-kept",
    on: datapath,
    breaks:
      "leads a client of a restarted container to the engine's proxy over IPv6, as an entry of conntrack does that was made meanwhile",
    why: "a name server, a game server or a VPN takes all of its IPv6 clients for one, or loses them, until they are silent",
    detectedBy: ["X7"],
    hop: ["the answer of c-", " was last seen on node1 "],
    inject: {
      "workload restarted": ({ chapter }, { workload: { node } }) =>
        untranslated(chapter, node, `meta nfproto ipv6 udp dport ${interruptedPort}`),
    },
  },
  {
    name: "range-closed-over-ipv6",
    on: datapath,
    breaks: "drops what arrives over IPv6 for the last port of a range that containers share",
    why: "the second of two containers that share a range is reached over IPv4 alone",
    detectedBy: ["X8a"],
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "tcp dport 9119 drop"],
    inject: {
      "requirement begins": onRequirement("X8a", (context, scope) =>
        drop(scope, firstNode(context), "prerouting", `${overIpv6}tcp dport ${lastOfRange}`),
      ),
    },
  },
  {
    name: "ipv6-port-lost-with-a-new-network",
    on: datapath,
    breaks:
      "drops what arrives over IPv6 for a published port once its container has joined a second network",
    why: "a service goes off line over IPv6 while its container is connected to one more network",
    detectedBy: ["X8b"],
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "tcp dport 9114 drop"],
    inject: {
      "workload connected": async ({ chapter }, { workload }) => {
        await drop(chapter, workload.node, "prerouting", `meta nfproto ipv6 tcp dport ${keptPort}`);
      },
    },
  },
  {
    name: "ipv6-address-changed-by-a-restart",
    on: lifecycle,
    breaks: "gives a container that is started again another IPv6 address than the one that it asked for",
    why: "what was told that address reaches nothing over IPv6, or somebody else, and IPv4 looks well",
    detectedBy: ["B12"],
    hop: { none: "addresses are listed, and no packet is asked for" },
    names: ["its addresses"],
    alone: true,
    inject: {
      "workload restarted": async (_context, { workload }) => {
        const { device, cidr } = await ipv6Of(workload);
        if (!cidr || (await publishedBy(workload)).length === 0) return;
        const { address, network } = parseCidr(cidr);
        const another = formatAddress({ ...address, value: address.value + 1n });
        await inside(workload, ["ip", "address", "del", cidr, "dev", device]);
        await addIpv6(workload, device, `${another}/${network.prefix}`);
      },
    },
  },
  {
    name: "ipv6-address-repeated-by-a-restart",
    on: lifecycle,
    breaks: "gives a container that is started again the IPv6 address of one that was started meanwhile, too",
    why: "two containers have one IPv6 address, and each gets half of what is meant for the other",
    detectedBy: ["B12"],
    hop: { none: "addresses are listed, and no packet is asked for" },
    names: ["an address and a MAC that no other container has"],
    alone: true,
    inject: ipv6OfTheLast(),
  },
  {
    name: "ipv6-port-lost-with-the-engine",
    on: lifecycle,
    breaks:
      "drops what arrives over IPv6 for the published port of a container that is started again once its engine is",
    why: "a service is reached over IPv4 alone after an update of the engine",
    detectedBy: ["R6b"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_"],
    inject: portsLostWithTheEngine(overIpv6),
  },
  {
    name: "ipv6-port-lost-by-what-always-runs",
    on: lifecycle,
    breaks:
      "drops what arrives over IPv6 for the published port of a container that its engine starts again by itself",
    why: "a service that is always to run is reached over IPv4 alone since its node was rebooted",
    detectedBy: ["R7"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_", "dport 9124 drop"],
    inject: {
      "engine started": ({ chapter }, { node }) =>
        drop(chapter, node, "prerouting", `${overIpv6}tcp dport ${backPort}`),
    },
  },
  {
    name: "ipv6-port-lost-under-live-restore",
    on: lifecycle,
    breaks:
      "drops what arrives over IPv6 for the published ports of the containers that an engine finds running when it starts",
    why: "a service is reached over IPv4 alone after an update of the engine that was to leave it alone",
    detectedBy: ["R9"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_"],
    inject: {
      "engine started": async ({ chapter }, { node }) => dropPublished(chapter, node, overIpv6),
    },
  },
  {
    name: "ipv6-port-lost-by-a-flush",
    on: lifecycle,
    breaks: "drops what arrives over IPv6 for published ports once a firewall that was flushed is restored",
    why: "a service is reached over IPv4 alone since somebody reloaded the firewall",
    detectedBy: ["X9a"],
    alone: true,
    hop: ["last seen on node2 eth0 (in)", "dropped by inet fault_"],
    inject: {
      "firewall restored": async ({ chapter }, { node }) => dropPublished(chapter, node, overIpv6),
    },
  },
  {
    name: "opened-over-ipv6-by-a-flush",
    on: lifecycle,
    breaks: "forwards IPv6 for a container's own address once a firewall that was flushed is restored",
    why: "what was for the node alone is open to its neighbours over IPv6 since the firewall was reloaded",
    detectedBy: ["X9b"],
    hop: ["it got through by external ", "let through by ip6", " filter FORWARD on node"],
    alone: true,
    inject: {
      "firewall restored": async ({ chapter }, { node }) => letIpv6In(chapter, node),
    },
  },
];

/** What the chapter publishes. */
const publishedUdp = 9132;
/** What the chapter of the data path publishes. */
const equalTcp = 9120;
const keptPort = 9114;
const interruptedPort = 9116;
const lastOfRange = 9119;
/** What the chapter of the life of containers publishes of one that is always to run. */
const backPort = 9124;

/** The IPv6 subnet of the network that a workload was started in; none of one that carries IPv4 alone. */
async function subnetOf(workload: Workload): Promise<string | undefined> {
  const { cidr } = await ipv6Of(workload);
  return cidr && networkOf(cidr);
}

/** Of what publishes nothing, and so asked for no address. */
function ipv6OfTheLast(): Fault<"chapters">["inject"] {
  let last: string | undefined;
  return {
    "workload started": async (_context, { workload }) => {
      last = (await ipv6Of(workload)).cidr;
    },
    "workload restarted": async (_context, { workload }) => {
      if (!last || (await publishedBy(workload)).length > 0) return;
      await addIpv6(workload, (await ipv6Of(workload)).device, last);
    },
  };
}

/** Nobody is asked whether the address is somebody's. */
async function addIpv6(workload: Workload, device: string, cidr: string): Promise<void> {
  await inside(workload, ["ip", "address", "add", cidr, "dev", device, "nodad"]);
}

/** Forwards IPv6 from every bridge of a node to every other, of it what matches, until `scope` closes. */
async function joinNetworks(scope: Scope, node: ClusterNode, match: readonly string[] = []): Promise<void> {
  const from = [...match, "-i", anyBridge];
  await insertIpv6Rule(scope, node, "raw", ["PREROUTING", ...from, "-j", "ACCEPT"]);
  await insertIpv6Rule(scope, node, "filter", ["FORWARD", ...from, "-o", anyBridge, "-j", "ACCEPT"]);
}

/** Forwards what arrives over IPv6 on a node's management interface for whomever, until `scope` closes. */
export async function letIpv6In(scope: Scope, node: ClusterNode): Promise<void> {
  const { device } = node.interfaces.management;
  await insertIpv6Rule(scope, node, "raw", ["PREROUTING", "-i", device, "-j", "ACCEPT"]);
  await insertIpv6Rule(scope, node, "filter", ["FORWARD", "-i", device, "-j", "ACCEPT"]);
}

/** Puts an ip6tables rule before all others of its chain; gone when `scope` closes. */
export async function insertIpv6Rule(
  scope: Scope,
  host: Host,
  table: string,
  rule: readonly string[],
): Promise<void> {
  const command = (verb: string) => ["ip6tables", "--wait", "-t", table, verb, ...rule];
  await withUndo(scope, host, command("-I"), command("-D"));
}
