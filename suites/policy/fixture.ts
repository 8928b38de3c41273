import type { GroupSpec, InstalledDriver, Policy, Rule } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { createStacked, type IpVersion, type Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { type Peer, type ProbeService, type ProbeTarget, serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** The tutorial's ports; a server listens on each of them, always. */
export const ports = [8888, 8889, 8890] as const;
export const [allowedPort, deniedPort, otherDeniedPort] = ports;

/** The tutorial's two rules: all TCP denied, one port allowed with a higher priority. */
export const tutorialRules: readonly Rule[] = [
  { id: "1", direction: "in", protocol: "tcp", action: "deny", priority: 1 },
  { id: "2", direction: "in", protocol: "tcp", port: allowedPort, action: "allow", priority: 10 },
];

/** A group whose one member serves all ports. */
export interface Guarded {
  policy: Policy;
  group: string;
  member: Workload;
  tcp: ProbeService;
}

/** Makes a policy with these rules, a group that it binds, and a member on `node` that serves the ports. */
export async function guard(
  scope: Scope,
  driver: InstalledDriver,
  network: Network,
  node: ClusterNode,
  rules: readonly Rule[],
  name = uniqueName("group"),
): Promise<Guarded> {
  const policy = await createPolicy(scope, driver, uniqueName("policy"));
  for (const rule of rules) await policy.addRule(rule);
  const group = await createGroup(scope, driver, {
    name,
    network: network.name,
    policies: [policy.name],
  });
  const member = await network.run(scope, node, { group });
  return { policy, group, member, tcp: await serve(member, { ports }) };
}

/** A declared capability comes with its operations; a driver without them breaks its own declaration. */
export async function createPolicy(scope: Scope, driver: InstalledDriver, name: string): Promise<Policy> {
  if (!driver.createPolicy) throw undelivered("createPolicy");
  return driver.createPolicy(scope, name);
}

/** Makes a group and resolves to its name. */
export async function createGroup(scope: Scope, driver: InstalledDriver, spec: GroupSpec): Promise<string> {
  if (!driver.createGroup) throw undelivered("createGroup");
  await driver.createGroup(scope, spec);
  return spec.name;
}

function undelivered(operation: string): Nonconformance {
  return new Nonconformance({
    who: "the driver",
    expected: `${operation}, since it declares policy`,
    got: "none",
  });
}

/** The first two nodes; the chapter needs both. */
export function twoNodes(nodes: readonly ClusterNode[]): [ClusterNode, ClusterNode] {
  const [first, second] = nodes;
  if (!first || !second) throw new HarnessError("a policy is tested between two nodes");
  return [first, second];
}

/** A network with clients on its node and on another one, and a server that no policy binds. */
export interface Field extends Pick<Stacked, "network" | "versions" | "over"> {
  readonly near: ClusterNode;
  readonly far: ClusterNode;
  /** On `near`. */
  readonly neighbour: Workload;
  /** On `far`. */
  readonly stranger: Workload;
  readonly unguarded: Workload;
  readonly open: ProbeService;
}

/** Makes it; throws `Blocked` where there is one node alone. */
export async function makeField(
  context: Pick<ChapterContext, "cluster" | "declaration"> & {
    readonly driver: InstalledDriver;
    readonly scope: Scope;
  },
): Promise<Field> {
  const { cluster, scope } = context;
  if (cluster.nodes.length < 2) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
  const [near, far] = twoNodes(cluster.nodes);
  const { network, versions, over } = await createStacked(scope, context, {
    name: "contiv-net",
    subnet: "10.1.2.0/24",
  });
  const [neighbour, stranger, unguarded] = await Promise.all([
    network.run(scope, near),
    network.run(scope, far),
    network.run(scope, near),
  ]);
  const open = await serve(unguarded, { ports });
  return { network, versions, over, near, far, neighbour, stranger, unguarded, open };
}

/** A port of a server at its address of one IP version. */
export type TargetAt = (port: number) => ProbeTarget;

/** The field as its members see it over one IP version. */
export interface FieldOver {
  readonly neighbour: Peer;
  readonly stranger: Peer;
  /** The server that no policy binds. */
  readonly open: TargetAt;
  /** The member of a group of the field's network. */
  member(guarded: Guarded): Promise<Peer>;
  /** The server of a group of the field's network. */
  guarded(guarded: Guarded): Promise<TargetAt>;
}

/** Throws `Nonconformance` where one of its workloads has no address of that IP version. */
export async function fieldOver(field: Field, version: IpVersion): Promise<FieldOver> {
  const over = (workload: Workload) => field.over(version, workload);
  const at = async (workload: Workload, server: ProbeService): Promise<TargetAt> => {
    const { ip: address } = await over(workload);
    return (port) => server.at(port, { address });
  };
  const [neighbour, stranger, open] = await Promise.all([
    over(field.neighbour),
    over(field.stranger),
    at(field.unguarded, field.open),
  ]);
  return {
    neighbour,
    stranger,
    open,
    member: ({ member }) => over(member),
    guarded: ({ member, tcp }) => at(member, tcp),
  };
}
