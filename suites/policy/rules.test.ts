import type { Rule } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { nameOf, overEach } from "#harness/conformance/ip-versions/each.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { contains } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  allowedPort,
  createGroup,
  deniedPort,
  fieldOver,
  type Guarded,
  guard,
  makeField,
  tutorialRules,
} from "./fixture.ts";
import { expectOneEnd, expectOneStays, makeTies } from "./ties.ts";

/** What rules mean beside each other, and what they can name. */
chapter("policy", ({ requirement, shared }) => {
  const field = shared("a network with clients and an unguarded server", makeField);

  const database = shared("the tutorial's group with its policy", async ({ driver, scope }) => {
    const { network, near } = await field.make();
    return guard(scope, driver, network, near, tutorialRules);
  });

  requirement("P5", "the higher priority wins, whichever way round", async (test) => {
    const clients = await test.use(field);
    const { near, network, versions } = clients;
    const inverted = await guard(test.scope, test.driver, network, near, [
      { id: "1", direction: "in", protocol: "tcp", action: "allow", priority: 1 },
      { id: "2", direction: "in", protocol: "tcp", port: deniedPort, action: "deny", priority: 10 },
    ]);
    const tutorial = await test.use(database);
    await overEach(test, versions, async (version) => {
      const { stranger, open, guarded } = await fieldOver(clients, version);
      const at = await guarded(inverted);
      await expectOpen(stranger, at(allowedPort));
      await expectBlocked(stranger, at(deniedPort), { control: { target: open(deniedPort) } });
      await expectOpen(stranger, (await guarded(tutorial))(allowedPort));
    });
  });

  requirement(
    "P11",
    "equal priorities end the same way, whatever the order and the node, and the one that stays is in force",
    async (test) => {
      const clients = await test.use(field);
      const groups = await makeTies(test.scope, test.driver, clients);
      await overEach(test, clients.versions, async (version) => {
        const { stranger, open } = await fieldOver(clients, version);
        await expectOpen(stranger, open(deniedPort));
        test.fact(`equal priorities over ${nameOf(version)}`, await expectOneEnd(clients, version, groups));
      });
      await expectOneStays(clients, groups);
    },
  );

  requirement("P12", "named like the beginning of another network's id", async (test) => {
    const { driver, scope } = test;
    const { network, near, stranger, open } = await test.use(field);
    const other = await driver.createNetwork(scope);
    const neighbour = await other.run(scope, near);
    const found = (await near.docker.listNetworks()).find(({ Name }) => Name === other.name);
    const { Id } = expectPresent(found, {
      who: `docker network ls on ${near.name}`,
      expected: other.name,
      got: "no such network",
    });
    const own = scope.child("the group");
    const { member, tcp } = await guard(own, driver, network, near, tutorialRules, Id.slice(0, 10));
    expectThat(contains(network.subnet, member.ip), {
      who: `${member.name}, of a group named like the id of ${other.name} (${other.subnet})`,
      expected: `an address in ${network.subnet}, the group's network`,
      got: member.ip,
    });
    await expectOpen(stranger, tcp.at(allowedPort));
    await expectBlocked(stranger, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
    await own.close();
    // What goes with the group must not be the other network.
    await expectPing(await other.run(scope, near), neighbour);
  });

  // Over IPv6 peers that are a group or an address are asked for by I10.
  requirement("P8", "a rule can name a peer group", async (test) => {
    const { network, near, far, stranger, open } = await test.use(field);
    const web = await createGroup(test.scope, test.driver, {
      name: uniqueName("web"),
      network: network.name,
      policies: [],
    });
    const client = await network.run(test.scope, far, { group: web });
    const guarded = await guard(test.scope, test.driver, network, near, onlyFrom({ group: web }));
    await expectOnly(client, stranger, guarded, open);
  });

  requirement("P8", "a rule can name a peer address", async (test) => {
    const { network, near, stranger, neighbour, open } = await test.use(field);
    const guarded = await guard(test.scope, test.driver, network, near, onlyFrom({ address: stranger.ip }));
    await expectOnly(stranger, neighbour, guarded, open);
  });

  requirement("P8", "a rule can name a peer network", async (test) => {
    const clients = await test.use(field);
    const { network, near, versions } = clients;
    const elsewhere = await createStacked(test.scope, test, { name: uniqueName("elsewhere") });
    const guardFrom = ({ name }: Network) =>
      guard(test.scope, test.driver, network, near, onlyFrom({ network: name }));
    const [own, other] = [await guardFrom(network), await guardFrom(elsewhere.network)];
    await overEach(test, versions, async (version) => {
      const { stranger, open, guarded } = await fieldOver(clients, version);
      const [fromOwn, fromOther] = await Promise.all([guarded(own), guarded(other)]);
      await expectOpen(stranger, fromOwn(deniedPort));
      await expectBlocked(stranger, fromOther(deniedPort), { control: { target: open(deniedPort) } });
    });
  });

  requirement("P8", "a rule can bind what goes out", async (test) => {
    const clients = await test.use(field);
    const { network, near, versions } = clients;
    const bound = await guard(test.scope, test.driver, network, near, [
      { id: "1", direction: "out", protocol: "tcp", port: deniedPort, action: "deny" },
    ]);
    await overEach(test, versions, async (version) => {
      const { stranger, neighbour, open, ...over } = await fieldOver(clients, version);
      const [member, at] = await Promise.all([over.member(bound), over.guarded(bound)]);
      await expectOpen(member, open(allowedPort));
      await expectBlocked(member, open(deniedPort), { control: { from: neighbour } });
      await expectOpen(stranger, at(deniedPort));
    });
  });
});

/** TCP is denied, except from one peer. */
function onlyFrom(peer: NonNullable<Rule["peer"]>): Rule[] {
  return [
    { id: "1", direction: "in", protocol: "tcp", action: "deny", priority: 1 },
    { id: "2", direction: "in", protocol: "tcp", action: "allow", priority: 10, peer },
  ];
}

async function expectOnly(
  friend: Workload,
  stranger: Workload,
  { tcp }: Guarded,
  open: Guarded["tcp"],
): Promise<void> {
  await expectOpen(friend, tcp.at(deniedPort));
  await expectBlocked(stranger, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
}
