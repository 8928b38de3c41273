import type { Policy, Rule } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HeldConnection } from "#harness/observe/probe/held/connection.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";
import { type Subject, subjects } from "./orders.ts";

/** Milliseconds between two lines of either end. */
const everyMs = 40;

/** A connection that is held between a member of a group and somebody whom no policy binds. */
export interface Way {
  readonly subject: Subject;
  /** Where the member is, and whether the other end is on the same node. */
  readonly place: string;
  readonly connection: HeldConnection;
}

/** A group with a member on each node, everybody who talks to them, and what they have open. */
export interface Field {
  readonly policy: Policy;
  readonly ways: readonly Way[];
  /** Connections between those whom no policy binds. */
  readonly controls: readonly HeldConnection[];
  readonly member: Workload;
  readonly free: readonly [Workload, Workload];
}

/** Makes it, on the first two nodes, with every connection open. Throws `Blocked` where there is one node alone. */
export async function makeField(
  { cluster, driver, declaration }: ChapterContext,
  scope: Scope,
  rules: readonly Rule[],
): Promise<Field> {
  const nodes = twoNodes(cluster.nodes);
  const network = await driver.createNetwork(scope);
  const policy = await createPolicy(scope, driver, uniqueName("policy"));
  for (const rule of rules) await policy.addRule(rule);
  const group = await createGroup(scope, driver, {
    ...{ name: uniqueName("group"), network: network.name, policies: [policy.name] },
  });
  const bare = declaration.capabilities.includes("cni") ? { bare: true } : {};
  const [near, far, one, other] = await Promise.all([
    ...nodes.map((node) => network.run(scope, node, { group, ...bare })),
    ...nodes.map((node) => network.run(scope, node, bare)),
  ]);
  const [members, free] = [
    [near!, far!],
    [one!, other!],
  ] as const;
  const hold = (from: Workload, to: Workload, { protocol }: Pick<Subject, "protocol">) =>
    HeldConnection.open(scope, { from, to, protocol, everyMs });
  const ways = members.flatMap((member) =>
    free.flatMap((peer) =>
      subjects.map(async (subject): Promise<Way> => {
        const [from, to] = subject.direction === "in" ? [peer, member] : [member, peer];
        const place = `${member.node.name}, ${member.node === peer.node ? "within the node" : "between nodes"}`;
        return { subject, place, connection: await hold(from, to, subject) };
      }),
    ),
  );
  const controls = (["tcp", "udp"] as const).map((protocol) => hold(free[0], free[1], { protocol }));
  return {
    policy,
    ways: await Promise.all(ways),
    controls: await Promise.all(controls),
    member: members[0],
    free: [free[0], free[1]],
  };
}
