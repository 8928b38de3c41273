import type { InstalledDriver, Rule } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { nameOf } from "#harness/conformance/ip-versions/each.ts";
import type { IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { expectBlocked, expectOpen, isBlocked } from "#harness/observe/probe/reachability.ts";
import type { Peer, ProbeTarget } from "#harness/observe/probe/service.ts";
import {
  allowedPort,
  deniedPort,
  type Field,
  type FieldOver,
  fieldOver,
  type Guarded,
  guard,
} from "./fixture.ts";

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
 * How a connection ends over an IP version in each group, seen from both nodes, between two sights of a port of each group that no rule
 * names. Throws where it is not the same.
 */
export async function expectOneEnd(
  field: Field,
  version: IpVersion,
  groups: Readonly<Record<string, Guarded>>,
): Promise<string> {
  const { stranger, neighbour, guarded } = await fieldOver(field, version);
  const looked = Object.entries(groups).flatMap(([which, group]) =>
    [stranger, neighbour].map(async (client) => {
      const at = await guarded(group);
      await expectOpen(client, at(allowedPort));
      const blocked = await isPortBlocked(client, at(deniedPort));
      await expectOpen(client, at(allowedPort));
      return [`${client.name} to ${which}`, blocked ? "blocked" : "open"] as const;
    }),
  );
  const ends = new Map(await Promise.all(looked));
  const [end = "", ...others] = new Set(ends.values());
  expectThat(others.length === 0, {
    who: `two rules for one port with one priority, over ${nameOf(version)}`,
    expected: "one result",
    got: [...ends].map(([who, result]) => `${who}: ${result}`).join("; "),
  });
  return end;
}

/**
 * Deletes one of the two rules in each group, where the allowing one came first that one: what the plugin lists then is in force over each
 * IP version, seen from both nodes, beside a server that no policy binds.
 */
export async function expectOneStays(field: Field, groups: Readonly<Record<string, Guarded>>): Promise<void> {
  const fields = await Promise.all(field.versions.map((version) => fieldOver(field, version)));
  await Promise.all(
    Object.values(groups).map(async (group, index) => {
      const { policy } = group;
      const [deleted, stays] = index === 1 ? [deny, allow] : [allow, deny];
      await policy.removeRule(deleted.id);
      const listed = (await policy.rules()).map(({ id, action }) => `${id} ${action}`);
      expectFact(`the rules of ${policy.name}`, "the listing", listed, [`${stays.id} ${stays.action}`]);
      const look = async ({ stranger, neighbour, open, guarded }: FieldOver) => {
        const at = await guarded(group);
        await Promise.all(
          [stranger, neighbour].map((client) =>
            stays.action === "allow"
              ? expectOpen(client, at(deniedPort))
              : expectBlocked(client, at(deniedPort), { control: { target: open(deniedPort) } }),
          ),
        );
      };
      await Promise.all(fields.map(look));
    }),
  );
}

async function isPortBlocked(client: Peer, { protocol, address, port }: ProbeTarget): Promise<boolean> {
  const agent = await client.agent();
  return isBlocked(await agent.connect({ protocol, address, port, timeoutMs: 3_000 }));
}
