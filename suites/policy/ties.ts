import type { InstalledDriver, Rule } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { expectBlocked, expectOpen, isBlocked } from "#harness/observe/probe/reachability.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { allowedPort, deniedPort, type Field, type Guarded, guard } from "./fixture.ts";

const tie = { direction: "in", protocol: "tcp", port: deniedPort, priority: 5 } as const;
const allow = { ...tie, id: "1", action: "allow" } as const;
const deny = { ...tie, id: "2", action: "deny" } as const;

/** Groups that have two rules of one priority for one port, one that allows and one that denies; by what is special about each. */
export async function makeTies(
  scope: Scope,
  driver: InstalledDriver,
  { network, near, far }: Field,
): Promise<Record<string, Guarded>> {
  const make = (node: ClusterNode, rules: readonly Rule[]) => guard(scope, driver, network, node, rules);
  const [allowFirst, denyFirst, elsewhere] = await Promise.all([
    make(near, [allow, deny]),
    make(near, [deny, allow]),
    make(far, [allow, deny]),
  ]);
  return { "allow first": allowFirst, "deny first": denyFirst, "the other node": elsewhere };
}

/**
 * How a connection ends in each group, seen from both nodes, between two sights of a port of each group that no rule names. Throws where
 * it is not the same.
 */
export async function expectOneEnd(
  { stranger, neighbour }: Field,
  groups: Readonly<Record<string, Guarded>>,
): Promise<string> {
  const ends = new Map<string, string>();
  for (const [which, { tcp }] of Object.entries(groups)) {
    for (const client of [stranger, neighbour]) {
      await expectOpen(client, tcp.at(allowedPort));
      const blocked = await isPortBlocked(client, tcp, deniedPort);
      await expectOpen(client, tcp.at(allowedPort));
      ends.set(`${client.name} to ${which}`, blocked ? "blocked" : "open");
    }
  }
  const [end = "", ...others] = new Set(ends.values());
  expectThat(others.length === 0, {
    who: "two rules for one port with one priority",
    expected: "one result",
    got: [...ends].map(([who, result]) => `${who}: ${result}`).join("; "),
  });
  return end;
}

/**
 * Deletes one of the two rules in each group, where the allowing one came first that one: what the plugin lists then is in force, seen
 * from both nodes, beside a server that no policy binds.
 */
export async function expectOneStays(
  { stranger, neighbour, open }: Field,
  groups: Readonly<Record<string, Guarded>>,
): Promise<void> {
  await Promise.all(
    Object.values(groups).map(async ({ policy, tcp }, index) => {
      const [deleted, stays] = index === 1 ? [deny, allow] : [allow, deny];
      await policy.removeRule(deleted.id);
      const listed = (await policy.rules()).map(({ id, action }) => `${id} ${action}`);
      expectFact(`the rules of ${policy.name}`, "the listing", listed, [`${stays.id} ${stays.action}`]);
      for (const client of [stranger, neighbour]) {
        await (stays.action === "allow"
          ? expectOpen(client, tcp.at(deniedPort))
          : expectBlocked(client, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } }));
      }
    }),
  );
}

async function isPortBlocked(client: Workload, { peer }: Guarded["tcp"], port: number): Promise<boolean> {
  const agent = await client.agent();
  return isBlocked(await agent.connect({ protocol: "tcp", address: peer.ip, port, timeoutMs: 1_500 }));
}
