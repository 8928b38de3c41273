import type { Rule } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { overEach } from "#harness/conformance/ip-versions/each.ts";
import { expectEach, expectFailure, expectRefusal } from "#harness/conformance/refusal.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { contains } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import {
  allowedPort,
  createGroup,
  createPolicy,
  deniedPort,
  fieldOver,
  guard,
  makeField,
  otherDeniedPort,
  ports,
  tutorialRules,
} from "./fixture.ts";
import { expectOneEnd, makeTies } from "./ties.ts";

const denied = { id: "1", direction: "in", protocol: "tcp", action: "deny" } as const;
const impossible = [
  { what: "a port out of range", rule: { ...denied, id: "2", port: 70_000 }, value: "70000" },
  { what: "a priority out of range", rule: { ...denied, id: "3", priority: 101 }, value: "101" },
  { what: "an unknown group", rule: { ...denied, id: "4", peer: { group: "nonesuch" } }, value: "nonesuch" },
  {
    what: "an unknown network",
    rule: { ...denied, id: "5", peer: { network: "nonesuch" } },
    value: "nonesuch",
  },
  {
    what: "an address that is none",
    rule: { ...denied, id: "6", peer: { address: "10.1.2.300" } },
    value: "10.1.2.300",
  },
] as const;

/** Time that a change of a live policy may take to reach every node. */
const takesEffect = { settleMs: 5_000 };

chapter("policy", ({ requirement, shared }) => {
  const field = shared("a network with clients and an unguarded server", makeField);

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

  requirement("P10", "what a rule cannot be is refused, and nothing of it stays", async (test) => {
    const { driver, scope } = test;
    const { network } = await test.use(field);
    const policy = await createPolicy(scope, driver, uniqueName("policy"));
    await expectEach(impossible, async ({ what, rule }) => {
      test.fact(what, await expectFailure(`a rule with ${what}`, policy.addRule(rule)));
      const kept = (await policy.rules()).filter(({ id }) => id === rule.id);
      expectFact(`the rules of ${policy.name}`, `the listing after ${what}`, kept, []);
    });
    for (const { rule } of impossible) await policy.addRule({ ...denied, id: rule.id, port: deniedPort });
    const group = { name: uniqueName("group"), network: network.name, policies: ["nonesuch"] };
    await expectFailure("a group with an unknown policy", createGroup(scope, driver, group));
    const groups = (await driver.listGroups?.()) ?? [];
    expectThat(!groups.some(({ name }) => name === group.name), {
      who: "the listing of groups",
      expected: `no ${group.name}`,
      got: groups.map(({ name }) => name).join(", "),
    });
    await createGroup(scope, driver, { ...group, policies: [policy.name] });
  });

  requirement("P10b", "the refusal of a rule names what is wrong with it", async ({ driver, scope, use }) => {
    const { network } = await use(field);
    const policy = await createPolicy(scope, driver, uniqueName("policy"));
    await expectEach(impossible, async ({ what, rule, value }) => {
      await expectRefusal(`a rule with ${what}`, policy.addRule(rule), [value]);
    });
    const group = { name: uniqueName("group"), network: network.name, policies: ["nonesuch"] };
    await expectRefusal("a group with an unknown policy", createGroup(scope, driver, group), ["nonesuch"]);
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

  requirement(
    "P11",
    "equal priorities end as before after the plugin was ended and started again",
    async (test) => {
      const { restart } = test.driver;
      if (!restart) throw new Unsupported("the driver cannot restart its plugin");
      const clients = await test.use(field);
      const groups = await makeTies(test.scope, test.driver, clients);
      const endsOver = () =>
        Promise.all(clients.versions.map((version) => expectOneEnd(clients, version, groups)));
      const before = await endsOver();
      await restart.call(test.driver);
      await overEach(test, clients.versions, async (version) => {
        const { stranger, open } = await fieldOver(clients, version);
        await expectOpen(stranger, open(deniedPort));
      });
      expectFact("a port with two rules of one priority", "its states", await endsOver(), before);
    },
    { alone: true, breaks: true },
  );
});

/** What a rule says, whichever of its defaults a listing spells out. */
function comparable({ direction, protocol, port, action, priority = 1 }: Rule): object {
  return { direction, protocol, port: port ?? 0, action, priority };
}
