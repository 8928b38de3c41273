import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { bareAddress, familyOf } from "#harness/core/ip.ts";
import type { Scope } from "#harness/core/scope.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addressOf, drop, firstNode, inside, interfaceOf, onCouple, secondNode } from "./tools.ts";

const vxlanPort = 4789;

/** Faults of what carries traffic between the nodes. */
export const wireFaults: readonly Fault[] = [
  {
    name: "vxlan-dropped",
    breaks: "drops VXLAN that arrives at the second node",
    detectedBy: ["M4"],
    mayFollow: ["M5", "M6", "M8"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "network created": async (context, { scope }) => {
        const node = secondNode(context);
        await drop(scope, node, "input", `iifname ${node.interfaces.data.device} udp dport ${vxlanPort}`);
      },
    },
  },
  {
    name: "ipv6-dropped",
    breaks: "drops IPv6 that arrives at the container on the second node, neighbour discovery excepted",
    detectedBy: ["M10"],
    chapter: "multihost",
    driver: "reference",
    acts: {
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
    breaks: "drops TCP that arrives at the container on the second node",
    detectedBy: ["M4"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": async (context, { workload, scope }) => {
        if (workload.node !== secondNode(context)) return;
        await drop(scope, workload, "input", `iifname ${await interfaceOf(workload)} meta l4proto tcp`);
      },
    },
  },
  {
    name: "udp-swallowed",
    breaks: "drops UDP that arrives at the container on the first node",
    detectedBy: ["M4"],
    mayFollow: ["M8"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": async (context, { workload, scope }) => {
        if (workload.node !== firstNode(context)) return;
        await drop(scope, workload, "input", `iifname ${await interfaceOf(workload)} meta l4proto udp`);
      },
    },
  },
  {
    name: "tunnel-evaded",
    breaks: "routes packets between the containers bare over the data network",
    detectedBy: ["M6"],
    mayFollow: ["M8"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": onCouple(async (_site, { a, b, scope }) => {
        await Promise.all([routeBare(scope, a, b), routeBare(scope, b, a)]);
      }),
    },
  },
  {
    name: "large-packets-lost",
    breaks: "drops VXLAN packets of more than 1400 bytes in silence",
    detectedBy: ["M8"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "network created": async (context, { scope }) => {
        const node = secondNode(context);
        const vxlan = `iifname ${node.interfaces.data.device} udp dport ${vxlanPort}`;
        await drop(scope, node, "input", `${vxlan} ip length > 1400`);
      },
    },
  },
  {
    name: "vxlan-dropped-afterwards",
    breaks: "drops VXLAN that arrives at the second node once the fresh overlay is made",
    detectedBy: ["O1"],
    alone: true,
    chapter: "swarm",
    driver: "overlay",
    acts: {
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
    const rule = ["DOCKER-USER", "-s", source, "-d", destination, "-j", "ACCEPT"];
    await withUndo(scope, node, ["iptables", "-I", ...rule], ["iptables", "-D", ...rule]);
  }
}
