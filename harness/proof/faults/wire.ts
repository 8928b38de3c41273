import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { assignIpv6, prefix6Of } from "#harness/cluster/ipv6.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { bareAddress, familyOf } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { insertRule } from "./firewall.ts";
import { addressOf, drop, firstNode, inside, interfaceOf, ipv6Of, onCouple, secondNode } from "./tools.ts";

const vxlanPort = 4789;

/** Faults of what carries traffic between the nodes. */
export const wireFaults: readonly Fault<"chapters">[] = [
  {
    name: "vxlan-dropped",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "drops VXLAN that arrives at the second node",
    why: "containers on different nodes do not reach each other",
    detectedBy: ["M4"],
    mayFollow: ["M5", "M6", "M8", "M11", "M14", "M16"],
    hop: ["seen on node2 eth2 (in)", "dropped by inet fault_", "udp dport 4789 drop"],
    inject: {
      "network created": async (context, { scope }) => {
        const node = secondNode(context);
        await drop(scope, node, "input", `iifname ${node.interfaces.data.device} udp dport ${vxlanPort}`);
      },
    },
  },
  {
    name: "ipv6-dropped",
    on: { tier: "chapters", chapter: "multihost", driver: "reference" },
    breaks: "drops ICMPv6 that arrives at the container on the second node, neighbour discovery excepted",
    why: "a dual-stack network carries IPv4 alone, though IPv6 looks configured",
    detectedBy: ["M10"],
    mayFollow: ["M6"],
    hop: ["(in)", "dropped by inet fault_", "on c-", "icmpv6 type != "],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (workload.node !== secondNode(context)) return;
        const discovery = "{ nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }";
        await drop(
          scope,
          workload,
          "input",
          `iifname ${await interfaceOf(workload)} meta nfproto ipv6 icmpv6 type != ${discovery}`,
        );
      },
    },
  },
  {
    name: "tcp-swallowed",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "drops TCP that arrives at the container on the second node",
    why: "ping works, and no connection is ever opened",
    detectedBy: ["M4"],
    hop: ["it arrived at c-", "dropped by inet fault_", "meta l4proto tcp drop"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (workload.node !== secondNode(context)) return;
        await drop(scope, workload, "input", `iifname ${await interfaceOf(workload)} meta l4proto tcp`);
      },
    },
  },
  {
    name: "udp-swallowed",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "drops UDP that arrives at the container on the first node",
    why: "ping and TCP work, and nothing that speaks UDP",
    detectedBy: ["M4"],
    mayFollow: ["M8", "M11", "M14", "M16"],
    hop: ["it arrived at c-", "dropped by inet fault_", "meta l4proto udp drop"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        if (workload.node !== firstNode(context)) return;
        await drop(scope, workload, "input", `iifname ${await interfaceOf(workload)} meta l4proto udp`);
      },
    },
  },
  {
    name: "tunnel-evaded",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "routes packets between the containers bare over the data network",
    why: "traffic of the containers is bare on the data network, for everybody there to read",
    detectedBy: ["M6"],
    mayFollow: ["M8", "M14"],
    inject: {
      "workload started": onCouple(async (_context, { a, b, scope }) => {
        await Promise.all([routeBare(scope, a, b), routeBare(scope, b, a)]);
      }),
    },
  },
  {
    name: "tunnel-evaded-over-ipv6",
    on: { tier: "chapters", chapter: "multihost", driver: "cni-vxlan" },
    breaks: "routes IPv6 between the containers bare over the data network",
    why: "what containers say over IPv6 is bare on the data network, and IPv4 looks well",
    detectedBy: ["M6"],
    mayFollow: ["M8", "M14"],
    inject: {
      "workload started": onCouple(async ({ cluster }, { a, b, scope }) => {
        const ends = await Promise.all([a, b].map((one) => endOverIpv6(scope, cluster.id, one)));
        const [endOfA, endOfB] = ends;
        if (!endOfA || !endOfB) return;
        await Promise.all([routeBare6(scope, endOfA, endOfB), routeBare6(scope, endOfB, endOfA)]);
      }),
    },
  },
  {
    name: "large-packets-lost",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "drops VXLAN packets of more than 1400 bytes in silence",
    why: "connections open and then hang with the first large packet",
    detectedBy: ["M8"],
    mayFollow: ["M14"],
    hop: ["last seen on node2 eth2 (in)", "dropped by inet fault_", "ip length > 1400 drop"],
    inject: {
      "network created": async (context, { scope }) => {
        const node = secondNode(context);
        const vxlan = `iifname ${node.interfaces.data.device} udp dport ${vxlanPort}`;
        await drop(scope, node, "input", `${vxlan} ip length > 1400`);
      },
    },
  },
  {
    name: "vxlan-dropped-afterwards",
    on: { tier: "chapters", chapter: "swarm", driver: "overlay" },
    breaks: "drops VXLAN that arrives at the second node once the fresh overlay is made",
    why: "a network that is made later stays within one node, though earlier ones worked",
    detectedBy: ["O1"],
    hop: ["seen on node2 eth2 (in)", "dropped by inet fault_", "udp dport 4789 drop"],
    alone: true,
    inject: {
      "network created": async (context, { network, scope }) => {
        if (network.subnet !== "30.1.1.0/24") return;
        const node = secondNode(context);
        await drop(scope, node, "input", `iifname ${node.interfaces.data.device} udp dport ${vxlanPort}`);
      },
    },
  },
];

interface Hop {
  via: string;
  device: string;
}

function routeThrough(
  scope: Scope,
  node: ClusterNode,
  destination: string,
  { via, device }: Hop,
): Promise<void> {
  const route = [`${destination}/32`, "via", via, "dev", device];
  return withUndo(scope, node, ["ip", "route", "add", ...route], ["ip", "route", "del", ...route]);
}

/** What `from` sends to `to` leaves through docker_gwbridge and crosses the data network by plain routing. */
async function routeBare(scope: Scope, from: Workload, to: Workload): Promise<void> {
  const { node } = from;
  const gateway = bareAddress(await addressOf(node, "docker_gwbridge"));
  const egress = (await from.links()).find(
    ({ mac, addresses }) => mac !== from.mac && !addresses.includes("127.0.0.1/8"),
  );
  const local = bareAddress(egress?.addresses.find((cidr) => familyOf(cidr) === 4) ?? "");
  await inside(from, [
    "ip",
    "route",
    "add",
    `${to.ip}/32`,
    "via",
    gateway,
    "dev",
    egress?.name ?? "",
    "src",
    from.ip,
  ]);
  await routeThrough(scope, node, from.ip, { via: local, device: "docker_gwbridge" });
  await routeThrough(scope, node, to.ip, {
    via: to.node.interfaces.data.address,
    device: node.interfaces.data.device,
  });
  for (const [source, destination] of [
    [from.ip, to.ip],
    [to.ip, from.ip],
  ] as const) {
    await insertRule(scope, node, "filter", ["DOCKER-USER", "-s", source, "-d", destination, "-j", "ACCEPT"]);
  }
}

/** A workload as it is over IPv6. */
interface EndOverIpv6 {
  readonly workload: Workload;
  readonly address: string;
  readonly gateway: string;
  /** Its node's address on the data network. */
  readonly node: string;
}

/** Undefined where it has IPv4 alone. Its node is given an address on the data network, as long as `scope` is open. */
async function endOverIpv6(
  scope: Scope,
  cluster: string,
  workload: Workload,
): Promise<EndOverIpv6 | undefined> {
  const routes = await inside(workload, ["ip", "-6", "route", "show", "default"]);
  const gateway = /^default via (\S+)/.exec(routes)?.[1];
  const { cidr } = await ipv6Of(workload);
  if (!gateway || !cidr) return undefined;
  const { node } = workload;
  const own = await assignIpv6(scope, node, node.interfaces.data, prefix6Of(cluster, "data"));
  return { workload, address: bareAddress(cidr), gateway, node: own };
}

/** What `from` sends to `to` over IPv6 leaves through its gateway and crosses the data network by plain routing. */
async function routeBare6(scope: Scope, from: EndOverIpv6, to: EndOverIpv6): Promise<void> {
  const { node } = from.workload;
  await inside(from.workload, ["ip", "-6", "route", "add", `${to.address}/128`, "via", from.gateway]);
  const route = [`${to.address}/128`, "via", to.node, "dev", node.interfaces.data.device];
  const command = (verb: string) => ["ip", "-6", "route", verb, ...route];
  await withUndo(scope, node, command("add"), command("del"));
}
