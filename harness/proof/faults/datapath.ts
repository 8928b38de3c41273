import { setTimeout as delay } from "node:timers/promises";
import { momentMs } from "#drivers/reference/faults/policy/moments.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { addressOf, networkOf } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { routeThrough } from "#suites/datapath/fixture.ts";
import { insertRule } from "./firewall.ts";
import { addTable, drop, firstNode, inside, interfaceOf, onRequirement, secondNode } from "./tools.ts";

const overlay = { tier: "chapters", chapter: "datapath", driver: "overlay" } as const;
/** What Docker promises since 28.0. */
const newerOverlay = { ...overlay, engine: "28.5" } as const;
const gatewayBridge = "docker_gwbridge";

/** Faults of the paths within a node, between networks, and through published ports. */
export const datapathFaults: readonly Fault<"chapters">[] = [
  {
    name: "neighbours-without-udp",
    on: overlay,
    breaks: "drops UDP that a container gets from others of its network",
    why: "a container does not reach the name server or the game server beside it",
    detectedBy: ["B8"],
    hop: ["it arrived at c-", "dropped by inet fault_", "meta l4proto udp"],
    inject: {
      "workload started": async (_context, { workload, scope }) => {
        const subnet = networkOf(`${workload.ip}/${workload.prefix}`);
        const match = `iifname ${await interfaceOf(workload)} meta l4proto udp ip saddr ${subnet}`;
        await drop(scope, workload, "input", match);
      },
    },
  },
  {
    name: "bridges-not-kept-apart",
    on: { tier: "chapters", chapter: "datapath", driver: "cni-isolated" },
    breaks: "lets traffic from one bridge of a node to another past the rules of the firewall plugin",
    why: "a container is attacked from a network that it is not in",
    detectedBy: ["B9"],
    hop: ["it got through by c-", "let through by ip filter CNI-ISOLATION-STAGE-1 on node1", "accept"],
    inject: {
      // The plugin puts the rules of a new bridge before all others.
      "workload started": async (_context, { workload: { node, name }, scope }) => {
        // Of rules that are the same, two that are deleted at once may both mean the first, and one fails.
        const own = ["-m", "comment", "--comment", name];
        await insertRule(scope, node, "filter", ["CNI-ISOLATION-STAGE-1", ...own, "-j", "ACCEPT"]);
      },
    },
  },
  {
    name: "bridges-joined-for-20-ms",
    on: { tier: "chapters", chapter: "disorder", driver: "bridge", engine: "28.5" },
    breaks: "lets the bridges of a node reach each other for 20 ms whenever a network was made",
    why: "who may make networks opens every other one for a moment, as often as they like",
    detectedBy: ["D3d"],
    inject: {
      "network created": async (context, { scope }) => {
        const moment = scope.child("bridges that are joined");
        const node = firstNode(context);
        await insertRule(moment, node, "raw", ["PREROUTING", "-j", "ACCEPT"]);
        await insertRule(moment, node, "filter", ["FORWARD", "-j", "ACCEPT"]);
        await delay(momentMs);
        await moment.close();
      },
    },
  },
  {
    name: "networks-joined-by-the-egress",
    on: overlay,
    breaks: "lets containers of one node talk to each other over docker_gwbridge",
    why: "a container is attacked from a network that it is not in",
    detectedBy: ["B9"],
    hop: ["it got through by c-", "let through by ip", " filter FORWARD on node1: ", "docker_gwbridge"],
    inject: {
      "requirement begins": onRequirement("B9", async (context, scope) => {
        const rule = ["FORWARD", "-i", gatewayBridge, "-o", gatewayBridge, "-j", "ACCEPT"];
        await insertRule(scope, firstNode(context), "filter", rule);
      }),
    },
  },
  {
    name: "udp-between-networks",
    on: { ...overlay, driver: "bridge", engine: "28.5" },
    breaks: "lets UDP from one bridge of a node to another past the engine's rules, and nothing else",
    why: "a name server or a database of a network is asked from another one, and TCP and ping look safe",
    detectedBy: ["B9"],
    hop: ["(udp ", "it got through by c-", "let through by ip filter FORWARD on node1"],
    inject: {
      "requirement begins": onRequirement("B9", async (context, scope) => {
        const node = firstNode(context);
        await insertRule(scope, node, "raw", ["PREROUTING", "-i", "br-+", ...anyUdp]);
        await insertRule(scope, node, "filter", ["FORWARD", "-i", "br-+", "-o", "br-+", ...anyUdp]);
      }),
    },
  },
  {
    name: "networks-joined-across-nodes",
    on: overlay,
    breaks: "leads what the containers of a node send to one of another node, past its network, to it",
    why: "a container is attacked by another node's from a network that it is not in, and its own node looks safe",
    detectedBy: ["B9"],
    hop: ["it got through by c-", "node2 docker_gwbridge (out)"],
    inject: {
      "workload started": async (context, { workload, scope }) => {
        const { node, ip } = workload;
        if (node.name !== secondNode(context).name) return;
        await routeThrough(scope, firstNode(context), ip, node.interfaces.management.address);
        await routeThrough(scope, node, ip, await onGateway(workload));
        await insertRule(scope, node, "filter", ["FORWARD", "-d", ip, "-j", "ACCEPT"]);
      },
    },
  },
  {
    name: "internal-network-with-an-egress",
    on: overlay,
    breaks: "gives containers of an internal network an interface on docker_gwbridge",
    why: "what was to be kept from the outside gets there, and data with it",
    detectedBy: ["B10"],
    hop: ["it got through by c-", "node1 docker_gwbridge (in)", "let through by ip filter "],
    inject: {
      "workload started": async (_context, { workload, network, scope }) => {
        if (!(await isInternal(workload, network))) return;
        const { node, name } = workload;
        const command = (verb: string) => ["docker", "network", verb, gatewayBridge, name];
        await withUndo(scope, node, command("connect"), command("disconnect"));
      },
    },
  },
  {
    name: "names-asked-from-an-internal-network",
    on: overlay,
    breaks:
      "has the engine ask a resolver on its node's loopback for containers of an internal network, which have no route to anywhere",
    why: "data gets outside as names that somebody's name server is asked for",
    detectedBy: ["B10"],
    hop: ["127.0.0.11 asked 127.0.0.2 on the loopback of node1"],
    inject: {
      "workload started": async (_context, { workload, network, scope }) => {
        if (!(await isLeftToLoopback(workload, network))) return;
        await askFor(scope, workload);
      },
    },
  },
  {
    name: "names-asked-in-vain-from-an-internal-network",
    on: overlay,
    breaks:
      "has the engine ask a resolver on its node's loopback for containers of an internal network, which are not given the answers",
    why: "data gets outside as names that somebody's name server is asked for, and inside nothing is seen of it",
    detectedBy: ["B10"],
    hop: ["127.0.0.11 asked 127.0.0.2 on the loopback of node1"],
    inject: {
      "workload started": async (_context, { workload, network, scope }) => {
        if (!(await isLeftToLoopback(workload, network))) return;
        await drop(scope, workload, "input", `meta l4proto udp ${isAnswer} ${isOfLoopback}`);
        await askFor(scope, workload);
      },
    },
  },
  {
    name: "default-route-lost-with-a-network",
    on: overlay,
    breaks: "takes the default route from a container that leaves a network",
    why: "a container that leaves one of its networks loses the outside for good",
    detectedBy: ["B11"],
    mayFollow: ["X8b"],
    hop: ["it did not leave c-", "no route to"],
    inject: {
      "workload disconnected": async (_context, { workload }) => {
        await inside(workload, ["ip", "route", "del", "default"]);
      },
    },
  },
  {
    name: "egress-without-udp-after-a-network",
    on: overlay,
    breaks: "drops UDP that a container sends to the outside once it has left a network",
    why: "names are not resolved any more, and TCP and ping look well",
    detectedBy: ["B11"],
    hop: ["last seen on node1 ", "dropped by inet fault_", "udp sport != 8081 drop"],
    inject: {
      "workload disconnected": async ({ chapter }, { workload }) => {
        // What it answers to its clients goes the same way.
        const sent = `ip saddr ${await onGateway(workload)} udp sport != 8081`;
        await drop(chapter, workload.node, "prerouting", sent);
      },
    },
  },
  {
    name: "udp-refused-inside-after-a-network",
    on: overlay,
    breaks: "has the namespace of a container that has left a network refuse to send UDP to the outside",
    why: "names are not resolved any more, and nothing of it is seen on the node",
    detectedBy: ["B11"],
    hop: ["it did not leave c-", "dropped by inet fault_", "udp sport != 8081 drop"],
    inject: {
      "workload disconnected": async ({ chapter }, { workload }) => {
        await drop(chapter, workload, "output", `ip saddr ${await onGateway(workload)} udp sport != 8081`);
      },
    },
  },
  {
    name: "published-udp-dropped",
    on: overlay,
    breaks: "drops UDP that arrives at the node for a published port",
    why: "a published name server or game server answers nobody",
    detectedBy: ["X5a"],
    // `ip mangle`, or `iptables mangle` where the node has the kernel's old tables.
    hop: ["last seen on node1 ", "dropped by ip", " mangle PREROUTING on node1: ", "udp ", "dport 9112 "],
    inject: {
      "requirement begins": onRequirement("X5a", (context, scope) =>
        insertRule(scope, firstNode(context), "mangle", [
          ...["PREROUTING", "-p", "udp", "--dport", String(publishedUdp), "-j", "DROP"],
        ]),
      ),
    },
  },
  {
    name: "published-port-closed-to-containers",
    on: newerOverlay,
    breaks: "drops what containers send to a published port of their node",
    why: "a service is reached from everywhere but from the containers beside it",
    detectedBy: ["X5b"],
    hop: ["last seen on node1 veth", "dropped by inet fault_", "tcp dport 9111 drop"],
    inject: {
      "requirement begins": onRequirement("X5b", (context, scope) =>
        drop(scope, firstNode(context), "prerouting", `iifname ${gatewayBridge} tcp dport ${publishedTcp}`),
      ),
    },
  },
  {
    name: "published-port-lost-with-a-new-network",
    on: overlay,
    breaks: "drops what arrives for a published port once its container has joined a second network",
    why: "a service goes off line while its container is connected to one more network",
    detectedBy: ["X8b"],
    hop: ["last seen on node1 eth0 (in)", "dropped by inet fault_", "tcp dport 9114 drop"],
    inject: {
      "workload connected": async ({ chapter }, { workload }) => {
        await drop(chapter, workload.node, "prerouting", `tcp dport ${keptPort}`);
      },
    },
  },
  {
    name: "conntrack-entry-kept",
    on: overlay,
    breaks:
      "leads a client of a restarted container to the engine's proxy, as an entry of conntrack does that was made meanwhile",
    why: "a name server, a game server or a VPN takes all of its clients for one, or loses them, until they are silent",
    detectedBy: ["X7"],
    // To the engine's proxy, which asked for the client.
    hop: ["the answer of c-", " to 172.18.", "was last seen on node1 docker_gwbridge (in)"],
    inject: {
      "workload restarted": ({ chapter }, { workload: { node } }) =>
        untranslated(chapter, node, `udp dport ${interruptedPort}`),
    },
  },
  {
    name: "restart-forgets-all-flows",
    on: overlay,
    breaks: "takes another container's flow out of translation when a container restarts",
    why: "the restart of one container cuts the clients of all others off",
    detectedBy: ["X7"],
    hop: { none: "the flow is cut for a moment, and goes on when it would be sent once more" },
    inject: {
      "workload restarted": ({ chapter }, { workload: { node } }) =>
        untranslated(chapter, node, `udp dport ${otherPort}`),
    },
  },
];

/** The end of a rule of iptables that lets all UDP through. */
const anyUdp = ["-p", "udp", "-j", "ACCEPT"];
/** What the chapter publishes. */
const publishedTcp = 9111;
const publishedUdp = 9112;
const keptPort = 9114;
const interruptedPort = 9116;
const otherPort = 9117;

/** What matches is not tracked, and so not translated; until `scope` closes. */
export async function untranslated(scope: Scope, node: ClusterNode, match: string): Promise<void> {
  const chain = "type filter hook prerouting priority raw;";
  await addTable(scope, node, "inet", `chain judge { ${chain} ${match} notrack; }`);
}

/** Whether a network that the workload was started in is internal. */
export async function isInternal({ node }: Workload, network: string): Promise<boolean> {
  const listed = await node.run(["docker", "network", "inspect", "--format", "{{.Internal}}", network]);
  return listed.trim() === "true";
}

/** Whether a workload is on an internal network, and its node asks a resolver of its own for names. */
async function isLeftToLoopback(workload: Workload, network: string): Promise<boolean> {
  return (await isInternal(workload, network)) && (await resolvesOnLoopback(workload.node));
}

/** Has the engine ask others for a container that has no route: it does for one with an endpoint that leads outside, whatever its routes. */
async function askFor(scope: Scope, workload: Workload): Promise<void> {
  const command = (verb: string) => ["docker", "network", verb, gatewayBridge, workload.name];
  await withUndo(scope, workload.node, command("connect"), command("disconnect"));
  await inside(workload, ["ip", "route", "del", "default"]);
}

/** QR of a DNS message, in the third byte after the UDP header (RFC 1035, section 4.1.1). */
const isAnswer = `@th,${(8 + 2) * 8},1 1`;
/** How a name begins that the resolver on loopback alone knows, after the 12 bytes of the DNS header and the length of the label. */
const isOfLoopback = `@th,${(8 + 12 + 1) * 8},32 0x${Buffer.from("only").toString("hex")}`;

/** Whether a node asks a resolver of its own for names. */
async function resolvesOnLoopback(node: ClusterNode): Promise<boolean> {
  return /^nameserver 127\./m.test(await node.files.readText("/etc/resolv.conf"));
}

/** The address of a container on docker_gwbridge. */
export async function onGateway(workload: Workload): Promise<string> {
  const route = (await inside(workload, ["ip", "route", "show", "default"])).trim();
  const device = / dev (\S+)/.exec(route)?.[1];
  const address = (await workload.links()).find(({ name }) => name === device)?.addresses[0];
  if (!address) throw new HarnessError(`${workload.name} has no address on ${gatewayBridge}`);
  return addressOf(address);
}
