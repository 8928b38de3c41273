import type { Rule } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { Blocked, Unsupported } from "#harness/core/errors.ts";
import { contains } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen, isBlocked } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  allowedPort,
  createGroup,
  createPolicy,
  deniedPort,
  type Guarded,
  guard,
  otherDeniedPort,
  ports,
  tutorialRules,
  twoNodes,
} from "./fixture.ts";

/** Time that a change of a live policy may take to reach every node. */
const takesEffect = { settleMs: 5_000 };

chapter("policy", ({ requirement, shared }) => {
  const field = shared(
    "a network with clients and an unguarded server",
    async ({ cluster, driver, scope }) => {
      if (cluster.nodes.length < 2) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
      const [near, far] = twoNodes(cluster.nodes);
      const network = await driver.createNetwork(scope, { name: "contiv-net", subnet: "10.1.2.0/24" });
      const [neighbour, stranger, unguarded] = await Promise.all([
        network.run(scope, near),
        network.run(scope, far),
        network.run(scope, near),
      ]);
      if (!neighbour || !stranger || !unguarded) throw new Error("three containers were started");
      return { network, near, far, neighbour, stranger, unguarded, open: await serve(unguarded, { ports }) };
    },
  );

  const database = shared("the tutorial's group with its policy", async ({ driver, scope }) => {
    const { network, near } = await field.make();
    return guard(scope, driver, network, near, tutorialRules);
  });

  requirement(
    "P1",
    "policies, rules and groups are listed as they were created",
    async ({ driver, use, scope }) => {
      const { network } = await use(field);
      const policy = await createPolicy(scope, driver, uniqueName("policy"));
      for (const rule of tutorialRules) await policy.addRule(rule);
      const group = await createGroup(scope, driver, {
        name: uniqueName("group"),
        network: network.name,
        policies: [policy.name],
      });
      const policies = (await driver.listPolicies?.()) ?? [];
      expectThat(policies.includes(policy.name), {
        who: "the listing of policies",
        expected: policy.name,
        got: policies.join(", ") || "nothing",
      });
      const byId = (rules: readonly Rule[]) =>
        Object.fromEntries(rules.map((rule) => [rule.id, comparable(rule)]));
      expectFact(
        `the rules of ${policy.name}`,
        "the listing",
        byId(await policy.rules()),
        byId(tutorialRules),
      );
      const groups = (await driver.listGroups?.()) ?? [];
      const listed = groups.find((one) => one.name === group);
      expectFact(
        "the listing of groups",
        group,
        listed && { network: listed.network, policies: listed.policies },
        {
          network: network.name,
          policies: [policy.name],
        },
      );
    },
  );

  requirement("P2", "a container in a group has an address of the group's network", async ({ use }) => {
    const { network, unguarded } = await use(field);
    const { member } = await use(database);
    expectThat(contains(network.subnet, member.ip), {
      who: member.name,
      expected: `an address in ${network.subnet}`,
      got: member.ip,
    });
    expectThat(member.ip !== unguarded.ip, {
      who: member.name,
      expected: "an address of its own",
      got: member.ip,
    });
  });

  requirement(
    "P3",
    "8888 is open, 8889 and 8890 are blocked, though a server listens on all",
    async ({ use }) => {
      const { stranger, open } = await use(field);
      const { tcp } = await use(database);
      await expectOpen(stranger, tcp.at(allowedPort));
      await Promise.all(
        [deniedPort, otherDeniedPort].map((port) =>
          expectBlocked(stranger, tcp.at(port), { control: { target: open.at(port) } }),
        ),
      );
    },
  );

  requirement(
    "P4",
    "a rule added to a live policy binds, and its removal frees, a running container",
    async (test) => {
      const { network, near, stranger, open } = await test.use(field);
      const { policy, tcp } = await guard(test.scope, test.driver, network, near, []);
      await expectOpen(stranger, tcp.at(deniedPort));
      await policy.addRule({ id: "1", direction: "in", protocol: "tcp", port: deniedPort, action: "deny" });
      await expectBlocked(stranger, tcp.at(deniedPort), {
        control: { target: open.at(deniedPort) },
        ...takesEffect,
      });
      await expectOpen(stranger, tcp.at(allowedPort));
      await policy.removeRule("1");
      await expectOpen(stranger, tcp.at(deniedPort));
      expectFact(`the rules of ${policy.name}`, "the listing", await policy.rules(), []);
    },
  );

  requirement("P5", "the higher priority wins, whichever way round", async (test) => {
    const { network, near, stranger, open } = await test.use(field);
    const { tcp } = await guard(test.scope, test.driver, network, near, [
      { id: "1", direction: "in", protocol: "tcp", action: "allow", priority: 1 },
      { id: "2", direction: "in", protocol: "tcp", port: deniedPort, action: "deny", priority: 10 },
    ]);
    await expectOpen(stranger, tcp.at(allowedPort));
    await expectBlocked(stranger, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
    const tutorial = await test.use(database);
    await expectOpen(stranger, tutorial.tcp.at(allowedPort));
  });

  requirement("P5", "equal priorities end the same way, whatever the order and the node", async (test) => {
    const { network, near, far, stranger, neighbour, open } = await test.use(field);
    const allow: Rule = {
      id: "1",
      direction: "in",
      protocol: "tcp",
      port: deniedPort,
      action: "allow",
      priority: 5,
    };
    const deny: Rule = {
      id: "2",
      direction: "in",
      protocol: "tcp",
      port: deniedPort,
      action: "deny",
      priority: 5,
    };
    const groups = await Promise.all([
      guard(test.scope, test.driver, network, near, [allow, deny]),
      guard(test.scope, test.driver, network, near, [deny, allow]),
      guard(test.scope, test.driver, network, far, [allow, deny]),
    ]);
    await expectOpen(stranger, open.at(deniedPort));
    const results = new Map<string, string>();
    for (const [index, { tcp }] of groups.entries()) {
      for (const client of [stranger, neighbour]) {
        const blocked = await isPortBlocked(client, tcp, deniedPort);
        results.set(
          `${client.name} to ${["allow first", "deny first", "the other node"][index]}`,
          blocked ? "blocked" : "open",
        );
      }
    }
    expectThat(new Set(results.values()).size === 1, {
      who: "two rules of equal priority",
      expected: "one result",
      got: [...results].map(([who, result]) => `${who}: ${result}`).join("; "),
    });
    test.fact("equal priorities", [...results.values()][0] ?? "");
  });

  requirement("P6", "containers outside the group keep their ports", async ({ use }) => {
    const { stranger, neighbour, open } = await use(field);
    const { tcp } = await use(database);
    await Promise.all(
      [stranger, neighbour].flatMap((client) => ports.map((port) => expectOpen(client, open.at(port)))),
    );
    await expectBlocked(stranger, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
  });

  requirement("P6", "ICMP and UDP of the group are untouched by its TCP rules", async ({ use }) => {
    const { stranger, neighbour } = await use(field);
    const { member } = await use(database);
    await using udp = await serve(member, { ports, protocol: "udp" });
    for (const client of [stranger, neighbour]) {
      await expectPing(client, member);
      await expectPing(member, client);
      await expectOpen(client, udp.at(deniedPort));
    }
  });

  requirement("P7", "the policy holds from the same node", async ({ use }) => {
    const { neighbour, open } = await use(field);
    const { tcp } = await use(database);
    await expectOpen(neighbour, tcp.at(allowedPort));
    await expectBlocked(neighbour, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
  });

  requirement(
    "P7",
    "the policy holds for a container started after its rules, on the other node",
    async (test) => {
      const { network, far, stranger, neighbour, open } = await test.use(field);
      const { group } = await test.use(database);
      const late = await network.run(test.scope, far, { group });
      await using tcp = await serve(late, { ports });
      for (const client of [neighbour, stranger]) {
        await expectOpen(client, tcp.at(allowedPort));
        await expectBlocked(client, tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
      }
    },
  );

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
    const { network, near, stranger, open } = await test.use(field);
    const elsewhere = await test.driver.createNetwork(test.scope, { name: uniqueName("elsewhere") });
    const own = await guard(test.scope, test.driver, network, near, onlyFrom({ network: network.name }));
    await expectOpen(stranger, own.tcp.at(deniedPort));
    const other = await guard(test.scope, test.driver, network, near, onlyFrom({ network: elsewhere.name }));
    await expectBlocked(stranger, other.tcp.at(deniedPort), { control: { target: open.at(deniedPort) } });
  });

  requirement("P8", "a rule can bind what goes out", async (test) => {
    const { network, near, stranger, open, neighbour } = await test.use(field);
    const { member, tcp } = await guard(test.scope, test.driver, network, near, [
      { id: "1", direction: "out", protocol: "tcp", port: deniedPort, action: "deny" },
    ]);
    await expectOpen(member, open.at(allowedPort));
    await expectBlocked(member, open.at(deniedPort), { control: { from: neighbour } });
    await expectOpen(stranger, tcp.at(deniedPort));
  });

  requirement("P10", "what a policy cannot be is refused by name, and nothing of it stays", async (test) => {
    const { driver, scope } = test;
    const { network } = await test.use(field);
    const policy = await createPolicy(scope, driver, uniqueName("policy"));
    const rule = { id: "1", direction: "in", protocol: "tcp", action: "deny" } as const;
    for (const [what, wrong, value] of [
      ["a port out of range", { ...rule, port: 70_000 }, "70000"],
      ["a priority out of range", { ...rule, priority: 101 }, "101"],
      ["an unknown group", { ...rule, peer: { group: "nonesuch" } }, "nonesuch"],
      ["an unknown network", { ...rule, peer: { network: "nonesuch" } }, "nonesuch"],
      ["an address that is none", { ...rule, peer: { address: "10.1.2.300" } }, "10.1.2.300"],
    ] as const) {
      test.fact(what, await expectRefusal(`a rule with ${what}`, policy.addRule(wrong), [value]));
      expectFact(`the rules of ${policy.name}`, `the listing after ${what}`, await policy.rules(), []);
    }
    const group = { name: uniqueName("group"), network: network.name, policies: ["nonesuch"] };
    const refused = createGroup(scope, driver, group);
    await expectRefusal("a group with an unknown policy", refused, ["nonesuch"]);
    const groups = (await driver.listGroups?.()) ?? [];
    expectThat(!groups.some(({ name }) => name === group.name), {
      who: "the listing of groups",
      expected: `no ${group.name}`,
      got: groups.map(({ name }) => name).join(", "),
    });
    await policy.addRule({ ...rule, port: deniedPort });
  });

  requirement(
    "P9",
    "a policy is listed and enforced as before after the plugin was ended and started again",
    async (test) => {
      const { restart } = test.driver;
      if (!restart) throw new Unsupported("the driver cannot restart its plugin");
      const { network, near, far, stranger, neighbour, open } = await test.use(field);
      const { policy, group, tcp } = await guard(test.scope, test.driver, network, near, tutorialRules);
      await expectOpen(stranger, tcp.at(allowedPort));
      const before = await policy.rules();
      await restart.call(test.driver);
      expectFact(`the rules of ${policy.name}`, "the listing", await policy.rules(), before);
      const late = await network.run(test.scope, far, { group });
      await using lateTcp = await serve(late, { ports });
      for (const client of [stranger, neighbour]) {
        for (const service of [tcp, lateTcp]) {
          await expectOpen(client, service.at(allowedPort));
          await expectBlocked(client, service.at(deniedPort), {
            control: { target: open.at(deniedPort) },
            ...takesEffect,
          });
        }
      }
    },
    { alone: true, breaks: true },
  );
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

async function isPortBlocked(client: Workload, { peer }: Guarded["tcp"], port: number): Promise<boolean> {
  const agent = await client.agent();
  return isBlocked(await agent.connect({ protocol: "tcp", address: peer.ip, port, timeoutMs: 1_500 }));
}

/** What a rule says, whichever of its defaults a listing spells out. */
function comparable({ direction, protocol, port, action, priority = 1 }: Rule): object {
  return { direction, protocol, port: port ?? 0, action, priority };
}
