import type { InstalledDriver } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { openWire } from "#harness/observe/vlan-hosts.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import { overIpv6 } from "#harness/workload/reach/over-ipv6.ts";
import { expectApart, nodeOf, port } from "#suites/datapath/fixture.ts";
import { expectTaggedFrames } from "#suites/external/vlan-frames.ts";
import { allowedPort, createGroup, deniedPort, guard, ports, twoNodes } from "#suites/policy/fixture.ts";
import { linkLocalOf } from "./fixture.ts";

const tag = 114;
const anotherTag = 115;
/** A rule that goes before others. */
const letIn = { direction: "in", protocol: "tcp", action: "allow", priority: 10 } as const;
/** Several networks and containers each, all at the same time. */
const busy = { deadlineMs: 120_000 };
/** Time that a change of a live policy may take to reach every node. */
const takesEffect = { settleMs: 5_000 };

chapter("ipv6", ({ requirement, shared }) => {
  requirement(
    "I7",
    "each client reads its own tenant's server, and an address that only the other has is not reached",
    async ({ driver, cluster, scope }) => {
      const spec = { subnet: freshSubnet(), subnet6: freshSubnet6() };
      const node = nodeOf(cluster);
      const both = nthAddress(spec.subnet6, 0x50);
      const tenant = async (prefix: string) => {
        const name = uniqueName(prefix);
        await createTenant(driver, scope, name);
        const network = await driver.createNetwork(scope, { ...spec, name: "dual", tenant: name });
        const [twin, client] = await Promise.all([
          network.run(scope, node, { ip6: both }),
          network.run(scope, node),
        ]);
        const [twin6, client6] = await Promise.all([twin, client].map((one) => overIpv6(one, spec.subnet6)));
        if (!twin6 || !client6) throw new HarnessError("two workloads have two peers");
        expectFact(twin.name, "its IPv6 address", twin6.ip, both);
        return { network, client: client6, server: await serve(twin6, { ports: [port], identity: name }) };
      };
      const [blue, green] = await Promise.all([tenant("blue"), tenant("green")]);
      await Promise.all([blue, green].map(({ client, server }) => expectOpen(client, server.at(port))));

      const lone = await blue.network.run(scope, node, { ip6: nthAddress(spec.subnet6, 0x60) });
      const lone6 = await overIpv6(lone, spec.subnet6);
      await expectApart([{ from: green.client, target: lone6, control: () => blue.client }]);
    },
    busy,
  );

  requirement(
    "I8",
    "between the nodes, and to hosts in the VLAN and in another one",
    async ({ driver, cluster, scope, keep }) => {
      const [near, far] = cluster.nodes;
      if (!near || !far) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
      const subnets = { subnet: freshSubnet(), subnet6: freshSubnet6() };
      const { subnet6 } = subnets;
      const network = await driver.createNetwork(scope, { ...subnets, encap: "vlan", tag });
      const [a, b] = await Promise.all([network.run(scope, near), network.run(scope, far)]);
      const [a6, b6] = await Promise.all([overIpv6(a, subnet6), overIpv6(b, subnet6)]);
      await Promise.all([expectPing(a6, b6), expectPing(b6, a6)]);
      await using server = await serve(b6, { ports: [0] });
      await expectOpen(a6, server.at(server.ports[0] ?? 0));

      await expectTaggedFrames({ workload: a, peer: a6 }, { workload: b, peer: b6 }, { tag, keep });

      const { attach } = await openWire(scope, cluster.external);
      const at = (index: number) => `${nthAddress(subnet6, index)}/64`;
      const inside = await attach(scope, "ncinside6", { address: at(0xf1), tag });
      const other = await attach(scope, "ncother6", { address: at(0xf2), tag: anotherTag });
      const alike = await attach(scope, "ncalike6", { address: at(0xf3), tag: anotherTag });
      await Promise.all([expectPing(inside, a6), expectPing(b6, inside), expectPing(alike, other)]);
      await expectApart([
        { from: other, target: a6, control: () => inside },
        { from: a6, target: other, control: () => alike },
      ]);
    },
    busy,
  );

  const field = shared(
    "a dual-stack network with clients and an unguarded server",
    async ({ cluster, driver, scope }) => {
      if (cluster.nodes.length < 2) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
      const [near, far] = twoNodes(cluster.nodes);
      const subnets = { subnet: freshSubnet(), subnet6: freshSubnet6() };
      const { subnet6 } = subnets;
      const network = await driver.createNetwork(scope, subnets);
      const workloads = await Promise.all([near, far, near].map((node) => network.run(scope, node)));
      const [neighbour, stranger, unguarded] = await Promise.all(
        workloads.map((workload) => overIpv6(workload, subnet6)),
      );
      if (!neighbour || !stranger || !unguarded) throw new HarnessError("three containers were started");
      const open = await serve(unguarded, { ports });
      return { network, subnet6, near, far, neighbour, stranger, open, beside: workloads[0] };
    },
  );

  requirement(
    "I9",
    "a rule added to a live policy closes its port at every IPv6 address, on both nodes, and nothing else",
    async ({ use, driver, scope, fact }) => {
      const { network, subnet6, near, neighbour, stranger, open, beside } = await use(field);
      const { policy, member, tcp } = await guard(scope, driver, network, near, []);
      const member6 = await overIpv6(member, subnet6);
      const at = (port: number) => tcp.at(port, { address: member6.ip });
      await using udp = await serve(member6, { ports, protocol: "udp" });
      await expectOpen(stranger, at(deniedPort));
      await policy.addRule({ id: "1", direction: "in", protocol: "tcp", port: deniedPort, action: "deny" });
      await Promise.all(
        [neighbour, stranger].flatMap((client) => [
          expectBlocked(client, at(deniedPort), { control: { target: open.at(deniedPort) }, ...takesEffect }),
          expectOpen(client, at(allowedPort)),
          expectOpen(client, udp.at(deniedPort)),
          expectPing(client, member6),
          expectPing(member6, client),
        ]),
      );
      const local = beside && (await linkLocalOf(member, beside));
      fact("link-local address of a member", local === undefined ? "none" : "one");
      if (local === undefined) return;
      const there = (port: number) => tcp.at(port, { address: local });
      await expectBlocked(neighbour, there(deniedPort), { control: { target: there(allowedPort) } });
    },
    busy,
  );

  requirement(
    "I10",
    "of three clients one is let in by its address and one by its group",
    async ({ use, driver, scope }) => {
      const { network, subnet6, near, far, neighbour, stranger, open } = await use(field);
      const name = uniqueName("web");
      const web = await createGroup(scope, driver, { name, network: network.name, policies: [] });
      const client = await overIpv6(await network.run(scope, far, { group: web }), subnet6);
      const { member, tcp } = await guard(scope, driver, network, near, [
        { id: "1", direction: "in", protocol: "tcp", action: "deny", priority: 1 },
        { ...letIn, id: "2", peer: { address: stranger.ip } },
        { ...letIn, id: "3", peer: { group: web } },
      ]);
      const { ip: address } = await overIpv6(member, subnet6);
      const target = tcp.at(deniedPort, { address });
      await Promise.all([expectOpen(stranger, target), expectOpen(client, target)]);
      await expectBlocked(neighbour, target, { control: { target: open.at(deniedPort) } });
    },
    busy,
  );
});

async function createTenant(driver: InstalledDriver, scope: Scope, name: string): Promise<void> {
  expectThat(driver.createTenant !== undefined, {
    who: "the driver",
    expected: "createTenant, since it declares tenants",
    got: "none",
  });
  await driver.createTenant(scope, name);
}
