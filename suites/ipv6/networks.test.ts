import { chapter } from "#harness/conformance/chapter.ts";
import { expectEgress } from "#harness/conformance/ip-versions/egress.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import {
  addressesBehindNode,
  addressesOf,
  expectApart,
  nodeOf,
  port,
  reachesOnLoopback6,
  refuseNoneBehind,
  routeThrough,
  ways6To,
} from "#suites/datapath/fixture.ts";

/** Published on every address of the node, as another port than the container's. */
const hostPorts = { tcp: 9131, udp: 9132 } as const;
const protocols = ["tcp", "udp"] as const;
const loopback = "::1";
const loopbackPort = 9133;

chapter("ipv6", ({ requirement, shared }) => {
  const hosts = shared("an IPv6 address on every host", async ({ scope, cluster }) =>
    (await addressHosts(scope, cluster, [4, 6])).over(6),
  );

  const neighbours = shared(
    "a dual-stack network with two containers on one node",
    async ({ scope, ...context }) => {
      const stacked = await createStacked(scope, context);
      const { network } = stacked;
      const node = nodeOf(context.cluster);
      const [a, b] = await Promise.all([network.run(scope, node), network.run(scope, node)]);
      const [a6, b6] = await Promise.all([stacked.over(6, a), stacked.over(6, b)]);
      return { stacked, network, a, b, a6, b6 };
    },
  );

  const server = shared("a container with published ports, and its servers", async (context) => {
    const { cluster, scope, declaration } = context;
    const { stacked, network } = await neighbours.make();
    const forTheNode = protocols.map((protocol) => ({
      ...{ port: port + 1, protocol, hostPort: loopbackPort },
      address: loopback,
    }));
    const workload = await network.run(scope, nodeOf(cluster), {
      publish: [
        ...protocols.map((protocol) => ({ port, protocol, hostPort: hostPorts[protocol] })),
        // What is not kept from others is not asked for.
        ...(declaration.capabilities.includes("isolation") && reachesOnLoopback6(context) ? forTheNode : []),
      ],
    });
    const workload6 = await stacked.over(6, workload);
    const ports = [port, port + 1, port + 2];
    const [tcp, udp] = await Promise.all([
      serve(workload6, { ports }),
      serve(workload6, { ports, protocol: "udp" }),
    ]);
    const published = (protocol: (typeof protocols)[number], address: string) =>
      ({ tcp, udp })[protocol].at(port, { address, port: hostPorts[protocol] });
    /** Of the servers on the port that is published on loopback, over each transport. */
    const onLoopback = (address: string) =>
      [tcp, udp].map((one) => one.at(port + 1, { address, port: loopbackPort }));
    /** Of the servers on that port, and on one that nobody published, at an address of the container. */
    const hidden = (address: string) =>
      [tcp, udp].flatMap((one) => [port + 1, port + 2].map((own) => one.at(own, { address })));
    return { workload, published, onLoopback, hidden };
  });

  requirement("I1", "two containers on one node reach each other both ways", async ({ use }) => {
    const { a6, b6 } = await use(neighbours);
    await Promise.all([expectPing(a6, b6), expectPing(b6, a6)]);
    await using tcp = await serve(b6, { ports: [0] });
    await expectOpen(a6, tcp.at(tcp.ports[0] ?? 0));
    await using udp = await serve(a6, { ports: [0], protocol: "udp" });
    await expectOpen(b6, udp.at(udp.ports[0] ?? 0));
  });

  requirement(
    "I2",
    "both ways between two containers, also across nodes where the network spans them",
    async ({ use, cluster, scope, declaration }) => {
      const { stacked, network, a, b, a6, b6 } = await use(neighbours);
      const named = [[a, a6] as const, [b, b6] as const];
      const [, other] = cluster.nodes;
      if (other && declaration.capabilities.includes("multihost")) {
        const far = await network.run(scope, other);
        named.push([far, await stacked.over(6, far)]);
      }
      const pairs = named.flatMap(([from], index) =>
        named.flatMap(([, to], place) => (place === index ? [] : [[from, to] as const])),
      );
      await Promise.all(pairs.map(([from, to]) => expectPingByName(from, to)));
    },
  );

  requirement("I3", "what arrives at the external host comes from the node", async (test) => {
    const { a } = await test.use(neighbours);
    const over6 = await test.use(hosts);
    const look = () => expectEgress(a, over6);
    await judgeAsPromised(test, look);
  });

  requirement(
    "I4",
    "from the external host, from the other node, from the node itself, also on its loopback",
    async (test) => {
      const { published } = await test.use(server);
      const ways = ways6To(await test.use(hosts), test);
      const look = async () => {
        await Promise.all(
          ways.flatMap(([client, address]) =>
            protocols.map((protocol) => expectOpen(client, published(protocol, address))),
          ),
        );
      };
      await judgeAsPromised(test, look);
    },
  );

  requirement("I5", "neither by address nor by name", async (test) => {
    const { use, scope, cluster, declaration, fact } = test;
    const { a6: neighbour, b: target, b6: its } = await use(neighbours);
    const { node } = await use(hosts);
    const other = await createStacked(scope, test);
    const [workload, own] = await Promise.all([
      other.network.run(scope, nodeOf(cluster)),
      other.network.run(scope, nodeOf(cluster)),
    ]);
    const [stranger, companion] = await Promise.all([other.over(6, workload), other.over(6, own)]);
    const addresses = await addressesOf(target, 6);
    fact("IPv6 addresses of a container", addresses.length);
    await judgeAsPromised(test, async () => {
      await expectApart([
        {
          ...{ from: stranger, target: its, addresses, mayLackRoute: true },
          // Its address on the egress is asked by its node, which is there as well.
          control: (address) => (address === its.ip ? neighbour : node),
        },
        { from: its, target: stranger, control: () => companion, mayLackRoute: true },
      ]);
      if (!declaration.capabilities.includes("names")) return;
      await expectNoName(
        workload,
        { name: target.name, type: "AAAA" },
        { control: { name: own.name, type: "AAAA", addresses: [companion.ip] } },
      );
    });
  });

  requirement("I6", "the external host has a route to the container", async (test) => {
    const { scope, cluster, use, fact } = test;
    const { workload, published, onLoopback, hidden } = await use(server);
    const { external, node: here } = await use(hosts);
    const behind = await addressesBehindNode(workload, 6);
    fact("IPv6 addresses behind the node", behind.length);
    await judgeAsPromised(test, async () => {
      const there = onLoopback(loopback);
      // Who does not reach it himself cannot tell that it is there.
      const asked = reachesOnLoopback6(test) ? onLoopback(here.ip) : [];
      fact("a port on ::1, over TCP and UDP", asked.length > 0 ? "asked" : "reached by nobody");
      await Promise.all(
        asked.map(async (target, at) => {
          await expectOpen(here, there[at]!);
          await expectRefused(external, target);
          await expectOpen(here, there[at]!);
        }),
      );
      refuseNoneBehind(workload, behind);
      for (const { ip, gateway } of behind) {
        for (const address of [ip, gateway]) await routeThrough(scope, cluster.external, address, here.ip);
        // The node is on the way: only then does an answer that is missing say something.
        await expectPing(external, { name: here.name, ip: gateway });
      }
      await Promise.all(protocols.map((protocol) => expectOpen(external, published(protocol, here.ip))));
      await Promise.all(
        behind.flatMap(({ ip }) =>
          hidden(ip).map((target) => expectBlocked(external, target, { control: { from: here } })),
        ),
      );
    });
  });
});
