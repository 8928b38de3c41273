import { networkOf, nthAddress } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import type { Fault, FaultActs, FaultContext } from "#harness/proof/fault.ts";
import { isInternal } from "./datapath.ts";
import { insertRule } from "./firewall.ts";
import { answerOn, drop, inside, secondNode } from "./tools.ts";

const bridge = { tier: "chapters", chapter: "datapath", driver: "bridge" } as const;
/** Its containers of an internal network have a default route, so that nothing but the firewall keeps them in. */
const olderBridge = { ...bridge, engine: "20.10" } as const;
/** What Docker promises since 25.0. */
const newerBridge = { ...bridge, engine: "28.5" } as const;

/** Faults that open an internal network, most of them to one protocol or from one side alone. */
export const internalFaults: readonly Fault<"chapters">[] = [
  {
    name: "port-of-an-internal-network-answered",
    on: { ...bridge, driver: "overlay" },
    breaks: "answers on the node for a port that a container of an internal network publishes",
    why: "an internal network is reached from outside",
    detectedBy: ["B10"],
    hop: ["the answer of node1 to ", "came back to "],
    inject: onInternal(async ({ workload: { node, name }, scope }) => {
      // The engine lists none as published, since nothing leads there.
      const wanted = ["docker", "inspect", "--format", "{{json .HostConfig.PortBindings}}", name];
      if ((await node.run(wanted)).includes(`"${internalPort}"`)) await answerOn(scope, node, internalPort);
    }),
  },
  {
    name: "internal-network-ends-at-its-node",
    on: { ...bridge, driver: "overlay" },
    breaks: "drops what a container of an internal network on the second node sends to others of it over TCP",
    why: "a database in an internal network is reached by the services of its own node alone",
    detectedBy: ["B10"],
    hop: ["it did not leave c-", "dropped by inet fault_", "tcp dport 8081 drop"],
    inject: onInternal(async ({ workload, scope }, context) => {
      if (workload.node !== secondNode(context)) return;
      await drop(scope, workload, "output", `tcp dport ${innerPort}`);
    }),
  },
  {
    name: "internal-network-with-an-egress-elsewhere",
    on: { ...bridge, driver: "overlay" },
    breaks: "gives containers of an internal network on the second node an interface on docker_gwbridge",
    why: "one node was not told that the network is internal, and data gets outside from there",
    detectedBy: ["B10"],
    hop: ["it got through by c-", "node2 docker_gwbridge (in)"],
    inject: onInternal(async ({ workload: { node, name }, scope }, context) => {
      if (node !== secondNode(context)) return;
      const command = (verb: string) => ["docker", "network", verb, "docker_gwbridge", name];
      await withUndo(scope, node, command("connect"), command("disconnect"));
    }),
  },
  {
    name: "internal-network-open-to-tcp",
    on: olderBridge,
    breaks: "lets TCP alone out of an internal network",
    why: "data gets outside over any web server, and to who tries with ping all is closed",
    detectedBy: ["B10"],
    hop: ["it got through by c-", "let through by ip", " filter FORWARD on node1: "],
    inject: letOut("tcp"),
  },
  {
    name: "internal-network-open-to-udp",
    on: olderBridge,
    breaks: "lets UDP alone out of an internal network",
    why: "data gets outside over any name server, and to who tries with ping or TCP all is closed",
    detectedBy: ["B10"],
    hop: ["it got through by c-", "let through by ip", " filter FORWARD on node1: "],
    inject: letOut("udp"),
  },
  {
    name: "internal-network-open-to-another",
    on: newerBridge,
    breaks: "forwards TCP from other networks of the node to containers of an internal one",
    why: "a container is attacked from a network that it is not in, and that it cannot answer there saves nobody",
    detectedBy: ["B10"],
    hop: ["it got through by c-", "let through by ip", " filter FORWARD on node1: "],
    inject: onInternal(async ({ workload, scope }) => {
      const { device } = workload.node.interfaces.management;
      const match = ["!", "-i", device, "-d", workload.ip, "-p", "tcp"];
      await insertRule(scope, workload.node, "filter", ["FORWARD", ...match, "-j", "ACCEPT"]);
    }),
  },
  {
    name: "internal-network-open-to-a-route",
    on: newerBridge,
    breaks:
      "forwards UDP that arrives from other hosts for the own address of a container of an internal network",
    why: "what was to be kept from the outside is open to every host that has a route",
    detectedBy: ["B10"],
    hop: ["it got through by ", "let through by ip", " filter FORWARD on node1: "],
    inject: onInternal(async ({ workload, scope }) => {
      const { device } = workload.node.interfaces.management;
      const match = ["-i", device, "-d", workload.ip, "-p", "udp", "-j", "ACCEPT"];
      await insertRule(scope, workload.node, "raw", ["PREROUTING", ...match]);
      await insertRule(scope, workload.node, "filter", ["FORWARD", ...match]);
    }),
  },
  {
    name: "default-route-of-an-internal-network",
    on: newerBridge,
    breaks: "gives containers of an internal network a default route",
    why: "nothing but one rule of a firewall keeps them from the outside, and their clients wait instead of failing at once",
    detectedBy: ["B10"],
    hop: { none: "the route is looked at, and no packet is asked for" },
    inject: onInternal(async ({ workload }) => {
      const gateway = nthAddress(networkOf(`${workload.ip}/${workload.prefix}`), 1);
      await inside(workload, ["ip", "route", "add", "default", "via", gateway]);
    }),
  },
];

/** What the chapter publishes. */
const internalPort = 9110;
const innerPort = 8081;

type Started = Parameters<NonNullable<FaultActs["workload started"]>>[1];

/** Acts on each workload that is started in an internal network. */
function onInternal(act: (started: Started, context: FaultContext) => Promise<void>): FaultActs {
  return {
    "workload started": async (context, started) => {
      if (await isInternal(started.workload, started.network)) await act(started, context);
    },
  };
}

/** Lets a protocol out of internal networks, translated to the node's address, and the answers in. */
function letOut(protocol: "tcp" | "udp"): FaultActs {
  return onInternal(async ({ workload: { node, ip }, scope }) => {
    const { device } = node.interfaces.management;
    const rules = [
      ["filter", "FORWARD", "-s", ip, "-p", protocol, "-j", "ACCEPT"],
      [
        ...["filter", "FORWARD", "-d", ip, "-p", protocol],
        ...["-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT"],
      ],
      ["nat", "POSTROUTING", "-s", ip, "-o", device, "-p", protocol, "-j", "MASQUERADE"],
    ] as const;
    for (const [table, ...rule] of rules) await insertRule(scope, node, table, rule);
  });
}
