import type { Policy, Rule } from "#drivers/driver.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { createStacked, type IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HeldConnection } from "#harness/observe/probe/held/connection.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";
import { openPort, type Subject, subjects } from "./orders.ts";

/** Milliseconds between two lines of either end. */
const everyMs = 40;

/** A connection that is held between a member of a group and somebody whom no policy binds. */
export interface Way {
  readonly subject: Subject;
  readonly version: IpVersion;
  /** Where the member is, and whether the other end is on the same node. */
  readonly place: string;
  readonly connection: HeldConnection;
}

/** A group with a member on each node, everybody who talks to them, and what they have open. */
export interface Field {
  readonly policy: Policy;
  readonly ways: readonly Way[];
  /** Connections of members, both ways, of which no rule but those that stand says anything. */
  readonly beside: readonly HeldConnection[];
  /** Connections between those whom no policy binds. */
  readonly controls: readonly HeldConnection[];
  /** What the network carries, IPv4 first. */
  readonly versions: readonly IpVersion[];
  /** The members, and those whom no policy binds, as they reach each other over that version. */
  over(version: IpVersion): Ends;
}

/** Each on the first node and on the second. */
export interface Ends {
  readonly members: readonly [Peer, Peer];
  readonly free: readonly [Peer, Peer];
}

/**
 * Makes it, on the first two nodes, with every connection open over each IP version that the driver declares. Throws `Blocked` where there
 * is one node alone.
 */
export async function makeField(
  context: ChapterContext,
  scope: Scope,
  rules: readonly Rule[],
): Promise<Field> {
  const { cluster, driver, declaration } = context;
  const nodes = twoNodes(cluster.nodes);
  const { network, versions, over } = await createStacked(scope, context);
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
  const hold = (from: Peer, to: Peer, { protocol }: Pick<Subject, "protocol">, at = {}) =>
    HeldConnection.open(scope, { from, to, protocol, everyMs, ...at });
  const stacked = await Promise.all(
    versions.map(async (version) => {
      const at = async (workload: Workload) => ({
        node: workload.node,
        peer: await over(version, workload),
      });
      const [members, free] = [
        await Promise.all([at(near!), at(far!)]),
        await Promise.all([at(one!), at(other!)]),
      ];
      const ways = members.flatMap((member) =>
        free.flatMap((beside) =>
          subjects.map(async (subject): Promise<Way> => {
            const [from, to] =
              subject.direction === "in" ? [beside.peer, member.peer] : [member.peer, beside.peer];
            const place = `${member.node.name}, ${member.node === beside.node ? "within the node" : "between nodes"}`;
            return { subject, version, place, connection: await hold(from, to, subject) };
          }),
        ),
      );
      const ends: Ends = {
        members: [members[0].peer, members[1].peer],
        free: [free[0].peer, free[1].peer],
      };
      const beside = ends.members.flatMap((member, index) => {
        const other = ends.free[1 - index]!;
        return subjects.map((subject) =>
          subject.direction === "in"
            ? hold(other, member, subject, { port: openPort })
            : hold(member, other, subject, { port: openPort }),
        );
      });
      const controls = (["tcp", "udp"] as const).map((protocol) => hold(...ends.free, { protocol }));
      return {
        ...{ ends, ways: await Promise.all(ways), beside: await Promise.all(beside) },
        controls: await Promise.all(controls),
      };
    }),
  );
  return {
    policy,
    ways: stacked.flatMap(({ ways }) => ways),
    beside: stacked.flatMap(({ beside }) => beside),
    controls: stacked.flatMap(({ controls }) => controls),
    versions,
    over: (version) => stacked[versions.indexOf(version)]!.ends,
  };
}
