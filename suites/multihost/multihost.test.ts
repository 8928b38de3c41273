import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { heldOver, overEach } from "#harness/conformance/ip-versions/each.ts";
import { runPair, runStackedPair } from "#harness/conformance/pair.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { addressOf, contains, containsSubnet, familyOf } from "#harness/core/ip.ts";
import { seededRandom } from "#harness/core/random.ts";
import { sampleMesh } from "#harness/observe/probe/mesh/sampled-mesh.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { createService } from "#harness/workload/docker/service.ts";
import { exchangeMs } from "#harness/workload/reach/exchange.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import { overIpv6 } from "#harness/workload/reach/over-ipv6.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { expectEncapsulated } from "./encapsulation.ts";
import { expectMtuFits, expectMtuHolds } from "./mtu.ts";

chapter("multihost", ({ requirement, shared }) => {
  const pair = shared("a network with a container on each node", ({ scope, ...context }) =>
    runPair(scope, context, { subnet: "10.1.2.0/24" }),
  );

  const stacked = shared(
    "a network of each IP version with a container on each node",
    ({ scope, ...context }) => runStackedPair(scope, context, { subnet: "10.1.8.0/24" }),
  );

  requirement("M1", "every node knows the network", async ({ use, declaration }) => {
    const { network, a, b } = await use(pair);
    for (const { node } of [a, b]) {
      const view = await network.inspect(node);
      const who = `network inspect ${network.name} on ${node.name}`;
      expectFact(who, "name and driver", [view.name, view.driver], [network.name, network.driver]);
      // A CNI configuration is the node's own, and may hold the node's part of the subnet only.
      if (declaration.capabilities.includes("cni")) {
        expectThat(
          view.subnets.length > 0 && view.subnets.every((subnet) => containsSubnet("10.1.2.0/24", subnet)),
          { who, expected: "subnets inside 10.1.2.0/24", got: view.subnets.join(", ") || "none" },
        );
      } else expectFact(who, "subnets", view.subnets, ["10.1.2.0/24"]);
    }
    const scopes = await Promise.all([a, b].map(async ({ node }) => (await network.inspect(node)).scope));
    expectThat(new Set(scopes).size === 1, {
      who: network.name,
      expected: "one scope on every engine",
      got: scopes.join(", "),
    });
  });

  requirement("M3", "the containers have different addresses inside the subnet", async ({ use }) => {
    const { network, a, b } = await use(pair);
    const inside = await Promise.all([a, b].map(addressInside));
    for (const [index, { name }] of [a, b].entries()) {
      const ip = inside[index] ?? "";
      expectThat(contains(network.subnet, ip), {
        who: name,
        expected: `an address in ${network.subnet}`,
        got: ip,
      });
    }
    expectThat(new Set(inside).size === 2, {
      who: `${a.name} and ${b.name}`,
      expected: "different addresses inside",
      got: inside.join(", "),
    });
  });

  requirement("M4", "the containers reach each other by address, both ways", async ({ use }) => {
    const { a, b } = await use(pair);
    await Promise.all([expectPing(a, b), expectPing(b, a)]);
    await using server = await serve(b, { ports: [0] });
    await expectOpen(a, server.at(server.ports[0] ?? 0));
    await using datagrams = await serve(a, { ports: [0], protocol: "udp" });
    await expectOpen(b, datagrams.at(datagrams.ports[0] ?? 0));
  });

  requirement("M5", "the containers reach each other by name, both ways", async ({ use }) => {
    const { a, b } = await use(pair);
    await Promise.all([expectPingByName(a, b), expectPingByName(b, a)]);
  });

  requirement("M5", "a name goes with its container, on the other node too", async ({ use, scope }) => {
    const { network, a, b } = await use(pair);
    const own = scope.child("a container that goes");
    const brief = await network.run(own, b.node);
    await expectPingByName(a, brief);
    await own.close();
    await expectNoName(
      a,
      { name: brief.name },
      { control: { name: b.name, addresses: [b.ip] }, settleMs: 5_000 },
    );
  });

  requirement(
    "M6",
    "frames between the nodes carry a VNI, and the inner packet is never bare",
    async (test) => {
      const pair = await test.use(stacked);
      const underlay = expectPresent(test.driver.underlay, {
        who: test.declaration.name,
        expected: "an underlay, since it declares multihost",
        got: "none",
      });
      await expectEncapsulated(pair, heldOver(test, pair.versions), { underlay, keep: test.keep });
    },
  );

  requirement("M7", "network inspect lists the containers", async ({ use }) => {
    const { network, a, b } = await use(pair);
    for (const workload of [a, b]) {
      const view = await network.inspect(workload.node);
      const listed = view.containers[workload.id];
      expectFact(
        `network inspect ${network.name} on ${workload.node.name}`,
        `its entry for ${workload.name}`,
        listed && { name: listed.name, mac: listed.mac, ipv4: listed.ipv4 },
        { name: workload.name, mac: workload.mac, ipv4: `${workload.ip}/${workload.prefix}` },
      );
    }
  });

  requirement("M10", "the containers of a dual-stack network reach each other over IPv6", async (test) => {
    const subnet6 = "fd00:10:1:6::/64";
    const { a, b } = await runPair(test.scope, test, { subnet: "10.1.6.0/24", subnet6 });
    const [first, second] = await Promise.all([overIpv6(a, subnet6), overIpv6(b, subnet6)]);
    expectThat(first.ip !== second.ip, {
      who: `${a.name} and ${b.name}`,
      expected: "different IPv6 addresses",
      got: first.ip,
    });
    await Promise.all([expectPing(first, second), expectPing(second, first)]);
    await using server = await serve(second, { ports: [0] });
    await expectOpen(first, server.at(server.ports[0] ?? 0));
  });

  requirement("M8", "a packet of the MTU passes, one byte more is never lost in silence", async (test) => {
    const { a, b, versions, over } = await test.use(stacked);
    const { mtu, wire } = await expectMtuFits(test, a);
    test.fact("MTU", mtu);
    test.fact("underlay MTU", wire);
    await overEach(test, versions, async (version) =>
      expectMtuHolds(await over(version, a), await over(version, b), mtu),
    );
  });

  const { SCALE: probes } = workerSettings();
  if (probes === undefined) return;

  const service = shared(
    "a service with probes on every node",
    async ({ cluster, driver, declaration, scope }) => {
      if (!declaration.capabilities.includes("scheduling")) {
        throw new Unsupported(
          `SCALE places probes as a swarm service, and ${declaration.name} does not declare scheduling`,
        );
      }
      const network = await driver.createNetwork(scope);
      return createService(scope, cluster, { network: network.name, replicas: probes });
    },
  );

  requirement(
    "M4",
    `${probes} probes that the scheduler places reach each other across nodes, by address and by name`,
    async (test) => {
      const start = performance.now();
      const tasks = await (await test.use(service)).tasks();
      const placed = performance.now();
      const seed = Date.now() % 1_000_000;
      const pairs = sampleMesh(tasks, 2, seededRandom(seed));
      test.fact("probes", tasks.length);
      test.fact("pairs checked", pairs.length);
      test.fact("pairs in the whole mesh", tasks.length * (tasks.length - 1));
      test.note(`pairs were chosen with seed ${seed}`);
      const nodes = new Set(tasks.map(({ node }) => node.name));
      const expected = Math.min(probes, test.cluster.nodes.length);
      expectThat(nodes.size === expected, {
        who: "the scheduler",
        expected: `probes on ${expected} nodes`,
        got: [...nodes].join(", "),
      });
      await Promise.all(
        pairs.map(async ({ from, to }) => {
          const { ip } = to.workload;
          await expectPingByName(from.workload, { name: ip, ip }, exchangeMs);
          await expectPingByName(from.workload, { name: to.name, ip }, exchangeMs);
        }),
      );
      test.varyingFact("seconds until placed", Math.round((placed - start) / 100) / 10);
      test.varyingFact("seconds for the pairs", Math.round((performance.now() - placed) / 100) / 10);
    },
    { deadlineMs: 300_000 },
  );
});

/** The IPv4 address that the interface on the network really has. */
async function addressInside(workload: Workload): Promise<string> {
  const link = (await workload.links()).find(({ mac }) => mac === workload.mac);
  const cidr = link?.addresses.find((address) => familyOf(address) === 4);
  return expectPresent(cidr && addressOf(cidr), {
    who: workload.name,
    expected: `an IPv4 address on the interface with MAC ${workload.mac}`,
    got: link ? "none" : "no such interface",
  });
}
