/** What a test file of the chapters may use on a cluster of two nodes. */
export interface Budget {
  /** Of all processors, those of the worker and of all nodes, in seconds. */
  readonly processorSeconds: number;
  /** Why it needs so much. */
  readonly because: string;
}

/** The nodes that the budgets are for; each further one may use as much as one of these. */
const nodesOfBudget = 2;

/**
 * The budget of each file below `suites/`, by its path there without the ending. Generous: on overlay and the reference plugin
 * files used between a twentieth and a sixth of it. One that is over it does other work than it did, and not the same on a slower machine.
 */
export const budgets: Readonly<Record<string, Budget>> = {
  "basics/basics": { processorSeconds: 30, because: "a dozen containers, two engines, no swarm" },
  "basics/cni": { processorSeconds: 30, because: "a few attachments of CNI plugins" },
  "basics/reattachment": { processorSeconds: 30, because: "two containers that join and leave networks" },
  "bgp/bgp": {
    processorSeconds: 120,
    because: "speakers and routers start, and routes come and go several times",
  },
  "cleanup/cleanup": { processorSeconds: 60, because: "a second cluster is brought up and taken away" },
  "connections/established": {
    processorSeconds: 120,
    because: "thirty connections are held between eight containers, and both ends of each send all the time",
  },
  "connections/partition": {
    processorSeconds: 60,
    because: "a few containers, which are looked at for half a minute while their nodes are apart",
  },
  "connections/restarts": {
    processorSeconds: 120,
    because:
      "twenty connections are held while the plugin and an engine are restarted, and both ends of each send all the time",
  },
  "datapath/flows": { processorSeconds: 80, because: "thousands of packets, and connections that stay open" },
  "datapath/gateway-modes": { processorSeconds: 80, because: "networks of each mode on every node" },
  "datapath/networks": {
    processorSeconds: 80,
    because: "networks that are kept apart, internal or several of one container",
  },
  "datapath/publishing": {
    processorSeconds: 80,
    because: "published ports, each with a process of the engine",
  },
  "datapath/sctp": { processorSeconds: 60, because: "four published ports, each asked from up to ten sides" },
  "datapath/ways": { processorSeconds: 80, because: "a dozen published ports, each asked from two sides" },
  "disorder/churn": {
    processorSeconds: 3_000,
    because:
      "two thousand calls of ADD and of DEL, or three hundred joins, while links of others come and go",
  },
  "disorder/cut-off": {
    processorSeconds: 400,
    because:
      "two engines are killed while they start five containers, and refuse for a while what they must do then",
  },
  "disorder/latencies": {
    processorSeconds: 600,
    because: "fifty containers start, each of which sends and asks, and fifty rules bind a flow of packets",
  },
  "disorder/leaks": {
    processorSeconds: 1_500,
    because:
      "two hundred containers start and stop, and each sends thousands of packets; twenty networks come and go",
  },
  "disorder/nemesis": {
    processorSeconds: 3_000,
    because: "thirty networks are made and disturbed, whose engines end and start again",
  },
  "disorder/policies": {
    processorSeconds: 1_500,
    because: "240 combinations of rules are made and taken away, and seventy containers start for them",
  },
  "encryption/keys": {
    processorSeconds: 60,
    because: "encrypted networks, whose packets the kernel enciphers",
  },
  "encryption/rotation": { processorSeconds: 120, because: "an engine is restarted while keys change" },
  "encryption/traffic": {
    processorSeconds: 80,
    because: "encrypted networks, whose packets the kernel enciphers",
  },
  "external/external": {
    processorSeconds: 40,
    because: "a few containers and their ways to the external host",
  },
  "external/vlan": { processorSeconds: 40, because: "a few containers on a VLAN" },
  "ipv6/networks": { processorSeconds: 60, because: "networks of both families" },
  "ipv6/plugin": { processorSeconds: 60, because: "networks of both families on the driver under test" },
  "lifecycle/containers": { processorSeconds: 80, because: "containers that start and end again and again" },
  "lifecycle/engines": {
    processorSeconds: 160,
    because: "engines are restarted, and start what they had",
  },
  "lifecycle/firewall": {
    processorSeconds: 160,
    because: "engines are restarted after their rules are gone",
  },
  "lifecycle/killed-engines": {
    processorSeconds: 100,
    because: "an engine is killed, and starts what it had",
  },
  "lifecycle/lost-nodes": { processorSeconds: 160, because: "a node ends, and the others have to notice it" },
  "lifecycle/plugin": {
    processorSeconds: 200,
    because: "engines are killed in the middle of calls, and start without their plugin",
  },
  "multihost/changes": { processorSeconds: 80, because: "addresses move between containers thirty times" },
  "multihost/multihost": {
    processorSeconds: 60,
    because: "a mesh of containers over all nodes, more of them with SCALE",
  },
  "plugin/faults": {
    processorSeconds: 240,
    because: "each call of the protocol fails in every way, with new containers each time",
  },
  "plugin/restarts": {
    processorSeconds: 240,
    because: "plugin and engines are restarted and killed, and start what they had",
  },
  "policy/policy": { processorSeconds: 120, because: "every combination of rules between groups is probed" },
  "policy/rules": { processorSeconds: 120, because: "rules change while they are probed" },
  "swarm/discovery": { processorSeconds: 80, because: "a swarm, with services that come and go" },
  "swarm/swarm": {
    processorSeconds: 160,
    because: "a swarm is formed and left; its managers work all the time",
  },
  "tenants/tenants": { processorSeconds: 80, because: "networks of several tenants with the same addresses" },
};

/** What a test file may use on so many nodes; `undefined` for one that has no budget, e.g. of a protocol suite. */
export function budgetOf(file: string, nodes: number): { processorSeconds: number } | undefined {
  const name = /suites\/(.*)\.test\.\w+$/.exec(file)?.[1];
  const budget = name === undefined ? undefined : budgets[name];
  return budget && { processorSeconds: (budget.processorSeconds * Math.max(nodes, 1)) / nodesOfBudget };
}
