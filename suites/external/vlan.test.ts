import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent } from "#harness/conformance/expect.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { expectEach, expectFailure, expectRefusal } from "#harness/conformance/refusal.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { openWire } from "#harness/observe/vlan-hosts.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import { expectApart } from "#suites/datapath/fixture.ts";
import { expectTaggedFrames } from "./vlan-frames.ts";

/** The tutorial's network. */
const vlan = { name: "contiv-vlan", encap: "vlan", tag: 112, subnet: "10.1.3.0/24" } as const;
const anotherTag = 113;

const impossible = [
  { what: "in use", tag: vlan.tag, instead: 113 },
  { what: "out of range", tag: 4095, instead: 114 },
] as const;
const refusedNetwork = () => ({ name: uniqueName("refused"), encap: "vlan", subnet: freshSubnet() }) as const;

chapter("vlan", ({ requirement, shared }) => {
  const pair = shared("a VLAN network with a container on each node", ({ scope, ...context }) =>
    runPair(scope, context, vlan),
  );

  const wire = shared("the wire of the data interfaces", ({ scope, cluster }) =>
    openWire(scope, cluster.external),
  );

  requirement(
    "V1",
    "the network is listed with its encapsulation, tag and subnet",
    async ({ driver, use }) => {
      await use(pair);
      const listed = expectPresent(await driver.listNetworks?.(), {
        who: "the driver",
        expected: "a listing of networks, since it declares vlan",
        got: "none",
      });
      const found = listed.find((network) => network.name === vlan.name);
      expectFact(
        `the listing of networks, ${vlan.name}`,
        "encapsulation, tag and subnet",
        found && { encap: found.encap, tag: found.tag, subnet: found.subnet },
        { encap: vlan.encap, tag: vlan.tag, subnet: vlan.subnet },
      );
    },
  );

  requirement(
    "V2",
    "containers on the two nodes reach each other by address, and by name where the driver has names",
    async ({ use, declaration }) => {
      const { a, b } = await use(pair);
      await Promise.all([expectPing(a, b), expectPing(b, a)]);
      await using server = await serve(b, { ports: [0] });
      await expectOpen(a, server.at(server.ports[0] ?? 0));
      if (!declaration.capabilities.includes("names")) return;
      await Promise.all([expectPingByName(a, b), expectPingByName(b, a)]);
    },
  );

  requirement(
    "V3",
    "on the data interface frames carry the tag and nothing else around them",
    async (test) => {
      const { a, b } = await test.use(pair);
      await expectPing(a, b);
      await expectTaggedFrames(
        { workload: a, peer: a },
        { workload: b, peer: b },
        { tag: vlan.tag, keep: test.keep },
      );
    },
  );

  requirement(
    "V4",
    "an external host in the VLAN reaches the containers, untagged or in another VLAN it does not",
    async ({ use, scope }) => {
      const { a, b } = await use(pair);
      const { attach } = await use(wire);
      const inside = await attach(scope, "ncforeign", { address: "10.1.3.241/24", tag: vlan.tag });
      const other = await attach(scope, "ncother", { address: "10.1.3.242/24", tag: anotherTag });
      const untagged = await attach(scope, "ncuntagged", { address: "10.1.3.243/24" });
      for (const container of [a, b]) {
        await expectPing(inside, container);
        await expectPing(container, inside);
      }
      await expectApart([other, untagged].map((from) => ({ from, target: a, control: () => inside })));
      for (const outsider of [other, untagged]) await expectNoPing(a, outsider, { control: { to: inside } });
      // The outsiders are on the wire, so their silence means something: they reach hosts of their own VLAN.
      const alike = await attach(scope, "ncalike", { address: "10.1.3.244/24", tag: anotherTag });
      await expectPing(alike, other);
    },
    { alone: true },
  );

  requirement("V5", "a tag that cannot be is refused, and nothing of it stays", async (test) => {
    const { driver, scope } = test;
    await test.use(pair);
    await expectEach(impossible, async ({ what, tag, instead }) => {
      const own = scope.child(what);
      const spec = refusedNetwork();
      const refused = driver.createNetwork(own, { ...spec, tag });
      test.fact(what, await expectFailure(`a network with tag ${tag}, which is ${what}`, refused));
      await own.close();
      const listed = (await driver.listNetworks?.()) ?? [];
      expectFact(
        "the listing of networks",
        `rows of ${spec.name}`,
        listed.filter((row) => row.name === spec.name),
        [],
      );
      const next = scope.child(`${what}, corrected`);
      await driver.createNetwork(next, { ...spec, tag: instead });
      await next.close();
    });
  });

  requirement("V5b", "the refusal of a tag names it", async ({ driver, scope, use }) => {
    await use(pair);
    await expectEach(impossible, async ({ what, tag }) => {
      const refused = driver.createNetwork(scope, { ...refusedNetwork(), tag });
      await expectRefusal(`a network with tag ${tag}, which is ${what}`, refused, [String(tag)]);
    });
  });
});
