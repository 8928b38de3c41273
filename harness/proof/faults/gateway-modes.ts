import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { familyOf, networkOf, nthAddress, parseCidr } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault, FaultActs } from "#harness/proof/fault.ts";
import { insertRule } from "./firewall.ts";
import { addTable, drop, firstNode } from "./tools.ts";

/** Docker has all of these modes since 28.0. */
const place = { tier: "chapters", chapter: "datapath", driver: "bridge", engine: "28.5" } as const;
/** What the chapter's containers serve on. */
const port = 8081;

/** Faults of the ways between a network of a gateway mode, its node and the outside. */
export const gatewayModeFaults: readonly Fault<"chapters">[] = [
  {
    name: "routed-network-masqueraded",
    on: place,
    breaks: "translates what leaves a routed network to the node's address",
    why: "servers outside cannot tell the containers of a node apart, and cannot call back",
    detectedBy: ["X10a"],
    hop: ["it got through by c-", "node1 eth0 (out) from "],
    alone: true,
    inject: onWorkloadIn("routed", async (node, { workload, scope }) => {
      const { device } = node.interfaces.management;
      const chain = "type nat hook postrouting priority 90;";
      const rule = `ip saddr ${workload.ip} oifname ${device} masquerade;`;
      await addTable(scope, node, "ip", `chain judge { ${chain} ${rule} }`);
    }),
  },
  {
    name: "routed-network-masqueraded-over-ipv6",
    on: place,
    breaks: "translates what leaves a routed network over IPv6 to the node's address",
    why: "a network that was given addresses of the site's prefix hides them all behind its node, and IPv4 looks well",
    detectedBy: ["X10a"],
    hop: ["it got through by c-", "node1 eth0 (out) from fd"],
    alone: true,
    inject: onWorkloadIn("routed", async (node, { network, scope }) => {
      const { subnet6 } = await modeOf(node, network);
      if (!subnet6) return;
      const { device } = node.interfaces.management;
      const chain = "type nat hook postrouting priority 90;";
      await addTable(
        scope,
        node,
        "ip6",
        `chain judge { ${chain} ip6 saddr ${subnet6} oifname ${device} masquerade; }`,
      );
    }),
  },
  {
    name: "routed-container-unreached",
    on: place,
    breaks: "drops what other hosts send to a port that a container of a routed network publishes",
    why: "the network has routes and nobody gets through them",
    detectedBy: ["X10a"],
    alone: true,
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "tcp dport"],
    inject: onWorkloadIn("routed", async (node, { workload, scope }) => {
      const { device } = node.interfaces.management;
      await drop(scope, node, "prerouting", `iifname ${device} ip daddr ${workload.ip} tcp dport ${port}`);
    }),
  },
  {
    name: "routed-container-unreached-by-networks",
    on: place,
    breaks:
      "drops what other networks of the node send to a port that a container of a routed network publishes",
    why: "a service is reached from everywhere but from the containers beside it",
    detectedBy: ["X10a"],
    hop: ["last seen on node1 veth", "dropped by inet fault_", "tcp dport 8081 drop"],
    alone: true,
    inject: onWorkloadIn("routed", async (node, { workload, scope }) => {
      const { device } = node.interfaces.management;
      await drop(scope, node, "prerouting", `iifname != ${device} ip daddr ${workload.ip} tcp dport ${port}`);
    }),
  },
  {
    name: "routed-network-without-filter",
    on: place,
    breaks: "forwards what other hosts send to any port of a container of a routed network",
    why: "ports that nobody published are open to every host that has a route",
    detectedBy: ["X10a"],
    alone: true,
    hop: ["it got through by", "FORWARD on node1"],
    inject: onWorkloadIn("routed", async (node, { workload, scope }) => {
      const { device } = node.interfaces.management;
      const rule = ["FORWARD", "-i", device, "-d", workload.ip, "-j", "ACCEPT"];
      await insertRule(scope, node, "filter", rule);
    }),
  },
  {
    name: "routed-container-unreached-over-udp",
    on: place,
    breaks: "drops UDP that other hosts send to a port that a container of a routed network publishes",
    why: "a published name server or game server answers nobody, and all that speaks TCP looks well",
    detectedBy: ["X10a"],
    alone: true,
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "udp dport"],
    inject: onWorkloadIn("routed", async (node, { workload, scope }) => {
      const { device } = node.interfaces.management;
      await drop(scope, node, "prerouting", `iifname ${device} ip daddr ${workload.ip} udp dport ${port}`);
    }),
  },
  {
    name: "routed-container-unreached-over-udp-by-ipv6",
    on: place,
    breaks:
      "drops UDP that other hosts send over IPv6 to a port that a container of a routed network publishes",
    why: "a published name server answers nobody who prefers IPv6, and TCP and IPv4 look well",
    detectedBy: ["X10a"],
    alone: true,
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "udp dport"],
    inject: onWorkloadIn("routed", async (node, { network, scope }) => {
      const { subnet6 } = await modeOf(node, network);
      if (!subnet6) return;
      const { device } = node.interfaces.management;
      await drop(scope, node, "prerouting", `iifname ${device} ip6 daddr ${subnet6} udp dport ${port}`);
    }),
  },
  {
    name: "routed-egress-without-udp-over-ipv6",
    on: place,
    breaks: "drops UDP that containers of a routed network send over IPv6 to the outside",
    why: "names are not resolved over IPv6, and TCP, ping and IPv4 look well",
    detectedBy: ["X10a"],
    alone: true,
    hop: ["last seen on node1 ", "dropped by inet fault_", "meta l4proto udp drop"],
    inject: onWorkloadIn("routed", async (node, { network, scope }) => {
      const { bridge, subnet6 } = await modeOf(node, network);
      if (!subnet6) return;
      // What it answers to its clients goes the same way.
      const opened = `iifname ${bridge} ip6 daddr != ${subnet6} udp sport != ${port}`;
      await drop(scope, node, "prerouting", `${opened} meta l4proto udp`);
    }),
  },
  {
    name: "routed-network-without-filter-of-udp",
    on: place,
    breaks: "forwards UDP that anybody else sends to any port of a container of a routed network",
    why: "a database that speaks UDP inside is asked from everywhere, and TCP looks safe",
    detectedBy: ["X10a"],
    alone: true,
    hop: ["it got through by", "FORWARD on node1"],
    inject: onWorkloadIn("routed", async (node, { workload, scope }) => {
      const rule = ["FORWARD", "-p", "udp", "-d", workload.ip, "-j", "ACCEPT"];
      await insertRule(scope, node, "filter", rule);
    }),
  },
  {
    name: "isolated-network-with-its-node",
    on: place,
    breaks: "gives the bridge of an isolated network an address",
    why: "what was to be kept from its node reaches all that listens there",
    detectedBy: ["X10b"],
    hop: ["it got through by node1 br-", " eth0 (in)"],
    alone: true,
    inject: {
      "network created": async (context, { network, scope }) => {
        const node = firstNode(context);
        const { mode, bridge } = await modeOf(node, network.name);
        if (mode !== "isolated") return;
        const [base = "", prefix] = networkOf(network.subnet).split("/");
        const address = [`${base.replace(/\d+$/, "254")}/${prefix}`, "dev", bridge];
        await withUndo(
          scope,
          node,
          ["ip", "address", "add", ...address],
          ["ip", "address", "del", ...address],
        );
      },
    },
  },
  {
    name: "isolated-network-with-its-node-over-ipv6",
    on: place,
    breaks: "gives the bridge of an isolated network an IPv6 address",
    why: "what was to be kept from its node reaches over IPv6 all that listens there, and IPv4 looks safe",
    detectedBy: ["X10b"],
    hop: ["it got through by node1 br-", " eth0 (in)"],
    alone: true,
    inject: {
      "network created": async (context, { network, scope }) => {
        const node = firstNode(context);
        const { mode, bridge, subnet6 } = await modeOf(node, network.name);
        if (mode !== "isolated" || !subnet6) return;
        // Docker has such a bridge without IPv6, so that it has no link-local address either.
        const disable = (value: 0 | 1) => ["sysctl", "-w", `net.ipv6.conf.${bridge}.disable_ipv6=${value}`];
        await withUndo(scope, node, disable(0), disable(1));
        const { prefix } = parseCidr(subnet6).network;
        const own = `${nthAddress(subnet6, 254)}/${prefix}`;
        await node.run(["ip", "address", "add", own, "dev", bridge, "nodad"]);
      },
    },
  },
];

type Started = Parameters<NonNullable<FaultActs["workload started"]>>[1];

/** Acts on what starts on a network of that mode. */
function onWorkloadIn(
  wanted: "routed" | "isolated",
  act: (node: ClusterNode, moment: Started) => Promise<void>,
): FaultActs {
  return {
    "workload started": async (_context, moment) => {
      const { node } = moment.workload;
      const { mode } = await modeOf(node, moment.network);
      if (mode === wanted) await act(node, moment);
    },
  };
}

/** The mode of a network, the bridge that it is on its node, and its IPv6 subnet where it has one. */
async function modeOf(
  node: ClusterNode,
  network: string,
): Promise<{ mode: string; bridge: string; subnet6?: string }> {
  const { Id, IPAM, Options } = await node.docker.getNetwork(network).inspect();
  const mode: string = Options?.["com.docker.network.bridge.gateway_mode_ipv4"] ?? "";
  const subnets = (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : []));
  const subnet6 = subnets.find((subnet) => familyOf(subnet) === 6);
  return { mode, bridge: `br-${Id.slice(0, 12)}`, ...(subnet6 ? { subnet6 } : {}) };
}
