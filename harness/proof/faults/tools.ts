import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Moments } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { bareAddress, contains, familyOf } from "#harness/core/ip.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";
import type { ExecOptions } from "#harness/host/host.ts";
import type { FaultActs, FaultContext } from "#harness/proof/fault.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** Milliseconds between two times of what a fault keeps doing. */
const againMs = 100;

/** The cluster's first node. */
export function firstNode({ cluster }: FaultContext): ClusterNode {
  return nodeAt(cluster.nodes, 0);
}

/** The cluster's second node. */
export function secondNode({ cluster }: FaultContext): ClusterNode {
  return nodeAt(cluster.nodes, 1);
}

function nodeAt(nodes: readonly ClusterNode[], index: number): ClusterNode {
  const node = nodes[index];
  if (!node) throw new HarnessError(`the fault needs ${index + 1} nodes, there are ${nodes.length}`);
  return node;
}

/**
 * Does it again and again until `scope` closes, for what is made good, or made at all, some time later; `what` is the name of what is done.
 * What goes wrong with it is thrown then.
 */
export function keepDoing(scope: Scope, what: string, act: () => Promise<unknown>): void {
  const ended = new AbortController();
  const pause = () => setTimeout(againMs, undefined, { signal: ended.signal }).catch(() => {});
  const repeat = async () => {
    while (!ended.signal.aborted) {
      await act();
      await pause();
    }
  };
  const work = repeat();
  work.catch(() => {});
  scope.defer(what, async () => {
    ended.abort();
    await work;
  });
}

/** Runs a tool in the workload's network namespace; throws `CommandFailed` when it fails. */
export async function inside(
  workload: Workload,
  argv: readonly string[],
  options?: ExecOptions,
): Promise<string> {
  const result = await workload.inNetns(argv, options);
  if (result.code !== 0) throw new CommandFailed(result, "a fault could not be injected");
  return result.stdout;
}

/** Where a rule judges packets; `prerouting` comes before address translation. */
export type Hook = "prerouting" | "input" | "output";

/**
 * Drops what matches an nftables expression such as `udp dport 4789`, in a table of its own: on a node until `scope`
 * closes, inside a workload as long as it lives.
 */
export async function drop(
  scope: Scope,
  where: ClusterNode | Workload,
  hook: Hook,
  match: string,
): Promise<void> {
  const chain = `type filter hook ${hook} priority ${hook === "prerouting" ? -300 : 0}; policy accept;`;
  await addTable(scope, where, "inet", `chain judge { ${chain} ${match} drop; }`);
}

/** Adds an nftables table with that content under a name of its own; see `drop`. */
export async function addTable(
  scope: Scope,
  where: ClusterNode | Workload,
  family: "inet" | "ip" | "ip6" | "arp",
  content: string,
): Promise<void> {
  const table = `fault_${randomBytes(3).toString("hex")}`;
  const input = `table ${family} ${table} {\n${content}\n}\n`;
  if ("inNetns" in where) {
    await inside(where, ["nft", "-f", "-"], { input });
    return;
  }
  await where.run(["nft", "-f", "-"], { input });
  scope.defer(`nftables table ${table} on ${where.name}`, () =>
    where.run(["nft", "delete", "table", family, table]),
  );
}

/** Starts a web server on the node that answers every client; gone when `scope` closes. */
export async function answerOn(scope: Scope, node: ClusterNode, port: number): Promise<void> {
  // Its own session and files: the SSH channel closes while it runs on.
  const start =
    'setsid python3 -m http.server --directory /run/lock "$1" >/dev/null 2>&1 </dev/null & echo $!';
  const pid = (await node.run(["sh", "-c", start, "sh", String(port)])).trim();
  scope.defer(`web server on ${node.name}:${port}`, () => node.run(["kill", "-KILL", pid]));
  await until({ what: `${node.name} to listen on ${port}`, deadlineMs: 10_000 }, async () => {
    const listening = await node.run(["ss", "--listening", "--tcp", "--numeric", "--no-header"]);
    return listening.includes(`:${port} `);
  });
}

/** The first IPv4 address of an interface of the node as a CIDR, e.g. `docker0`'s `172.17.0.1/16`. */
export async function addressOf(node: ClusterNode, device: string): Promise<string> {
  const output = await node.run(["ip", "-4", "-oneline", "address", "show", "dev", device]);
  const address = / inet (\S+)/.exec(output)?.[1];
  if (!address) throw new HarnessError(`${node.name} ${device} has no IPv4 address`);
  return address;
}

/** The interface inside the workload that has the MAC the engine tells. */
export async function interfaceOf(workload: Workload): Promise<string> {
  const link = (await workload.links()).find(({ mac }) => mac === workload.mac);
  if (!link) throw new HarnessError(`${workload.name} has no interface with MAC ${workload.mac}`);
  return link.name;
}

/** The workload's interface in the network that it was started in, and its IPv6 address there as a CIDR, where it has one. */
export async function ipv6Of(workload: Workload): Promise<{ device: string; cidr?: string }> {
  const link = (await workload.links()).find(({ mac }) => mac === workload.mac);
  if (!link) throw new HarnessError(`${workload.name} has no interface with MAC ${workload.mac}`);
  const cidr = link.addresses.find(
    (each) => familyOf(each) === 6 && !contains("fe80::/10", bareAddress(each)),
  );
  return { device: link.name, ...(cidr ? { cidr } : {}) };
}

type Act<M extends keyof Moments> = (context: FaultContext, moment: Moments[M]) => Promise<void>;

/** Acts on the first workload on docker0 (`plain`) or on a network of the driver, and on no other. */
export function onFirstWorkload(
  kind: "plain" | "driver's",
  act: (moment: Moments["workload started"], context: FaultContext) => Promise<void>,
): Act<"workload started"> {
  let done = false;
  return async (context, moment) => {
    if (done || (kind === "plain") !== (moment.network === "bridge")) return;
    done = true;
    await act(moment, context);
  };
}

/** Two workloads of one network on different nodes, `a` on the cluster's first. */
export interface Couple {
  a: Workload;
  b: Workload;
  scope: Scope;
}

/** Acts when a network has a workload on each of the first two nodes, once. */
export function onCouple(
  act: (context: FaultContext, couple: Couple) => Promise<void>,
): Act<"workload started"> {
  const started = new Map<string, Map<string, Workload>>();
  return async (context, { workload, network, scope }) => {
    const known = started.get(network) ?? new Map<string, Workload>();
    const { name } = workload.node;
    if (known.has(name)) return;
    started.set(network, known.set(name, workload));
    const a = known.get(firstNode(context).name);
    const b = known.get(secondNode(context).name);
    if (known.size === 2 && a && b) await act(context, { a, b, scope });
  };
}

/** Acts when a test of that requirement begins. */
export function onRequirement(
  id: Moments["requirement begins"]["requirement"],
  act: (context: FaultContext, scope: Scope) => Promise<void>,
): Act<"requirement begins"> {
  return async (context, { requirement, scope }) => {
    if (requirement === id) await act(context, scope);
  };
}

const store = '"$(docker info --format "{{.DockerRootDir}}")"/network/files/local-kv.db';
const keptStore = "/run/netconform-kept-store";

/**
 * Ends the namespaces in which no container runs; the engine's own have other names than its containers'. One that the engine ends at the same time
 * is no mount any more; one that stays is, and fails it.
 */
const removeLostNamespaces = `
known=$(docker ps --quiet | xargs -r docker inspect --format '{{.NetworkSettings.SandboxKey}}')
for path in /run/docker/netns/*; do
  name=$(basename "$path")
  printf '%s\\n' "$name" | grep --quiet --extended-regexp '^[0-9a-f]{12}$' || continue
  printf '%s\\n' "$known" | grep --quiet "/$name$" || { umount "$path" 2>/dev/null; rm -f "$path"; }
done`;

/**
 * An engine that is killed begins again with what it had written down when the last network had been made: it knows that network, and no endpoint
 * of it. It is so with engines that write endpoints down where they do not look for them again (20.10, global scope). What nobody
 * looks after any more goes, as with a node that lost its power, or the next container would share addresses with it.
 */
export function endpointsLostWhenKilled(): FaultActs {
  /** Where each node's engine writes down what it has. */
  const stores = new Map<string, string>();
  const killed = new Set<string>();
  return {
    "network created": async ({ cluster, chapter }) => {
      for (const node of cluster.nodes) {
        const path = await node.run(["sh", "-c", `cp ${store} ${keptStore} && echo ${store}`]);
        stores.set(node.name, path.trim());
        chapter.defer(`the store that was kept on ${node.name}`, () => node.run(["rm", "-f", keptStore]));
      }
    },
    "engine killed": async (_context, { node }) => {
      const path = stores.get(node.name);
      if (path === undefined) return;
      await node.run(["cp", keptStore, path]);
      killed.add(node.name);
    },
    "engine started": async (_context, { node }) => {
      if (killed.delete(node.name)) await node.run(["sh", "-c", removeLostNamespaces]);
    },
  };
}
