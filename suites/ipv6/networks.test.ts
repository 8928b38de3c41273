import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { promisedSince } from "#harness/conformance/suite/promised-since.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import { overIpv6 } from "#harness/workload/reach/over-ipv6.ts";
import { addressesBehindNode, addressesOf, nodeOf, port } from "#suites/datapath/fixture.ts";
import { addressHosts, createDualStack } from "./fixture.ts";

/** Published on every address of the node, as another port than the container's. */
const hostPorts = { tcp: 9131, udp: 9132 } as const;
const protocols = ["tcp", "udp"] as const;
/** Docker's bridges filter and translate IPv6 since. */
const filtered = "27.0";

chapter("ipv6", ({ requirement, shared }) => {
  const hosts = shared("an IPv6 address on every host", ({ scope, cluster }) => addressHosts(scope, cluster));

  const neighbours = shared(
    "a dual-stack network with two containers on one node",
    async ({ driver, cluster, scope }) => {
      const { network, subnet6 } = await createDualStack(scope, driver);
      const node = nodeOf(cluster);
      const [a, b] = await Promise.all([network.run(scope, node), network.run(scope, node)]);
      const [a6, b6] = await Promise.all([overIpv6(a, subnet6), overIpv6(b, subnet6)]);
      return { network, subnet6, a, b, a6, b6 };
    },
  );

  const server = shared("a container with published ports, and its servers", async ({ cluster, scope }) => {
    const { network, subnet6 } = await neighbours.make();
    const workload = await network.run(scope, nodeOf(cluster), {
      publish: protocols.map((protocol) => ({ port, protocol, hostPort: hostPorts[protocol] })),
    });
    const workload6 = await overIpv6(workload, subnet6);
    const [tcp, udp, unpublished] = await Promise.all([
      serve(workload6, { ports: [port] }),
      serve(workload6, { ports: [port], protocol: "udp" }),
      serve(workload6, { ports: [port + 2] }),
    ]);
    const published = (protocol: (typeof protocols)[number], address: string) =>
      ({ tcp, udp })[protocol].at(port, { address, port: hostPorts[protocol] });
    return { workload, published, unpublished };
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
      const { network, subnet6, a, b, a6, b6 } = await use(neighbours);
      const named = [[a, a6] as const, [b, b6] as const];
      const [, other] = cluster.nodes;
      if (other && declaration.capabilities.includes("multihost")) {
        const far = await network.run(scope, other);
        named.push([far, await overIpv6(far, subnet6)]);
      }
      const pairs = named.flatMap(([from], index) =>
        named.flatMap(([, to], place) => (place === index ? [] : [[from, to] as const])),
      );
      await Promise.all(pairs.map(([from, to]) => expectPingByName(from, to)));
    },
  );

  requirement("I3", "what arrives at the external host comes from the node", async (test) => {
    const { a } = await test.use(neighbours);
    const {
      external,
      nodes: [node],
    } = await test.use(hosts);
    await using asked = await serve(external, { ports: [0] });
    const target = asked.at(asked.ports[0] ?? 0);
    const look = async () => {
      const { seenFrom } = await expectOpen(a, target);
      expectFact(`${external.name}'s server, asked by ${a.name}`, "the client", seenFrom?.address, node?.ip);
      await expectPing(a, external);
    };
    await promisedSince(filtered, test, look, { overCni: "ipv6Egress" });
  });

  requirement(
    "I4",
    "from the external host, from the other node, from the node itself, also on its loopback",
    async (test) => {
      const { published } = await test.use(server);
      const { external, nodes } = await test.use(hosts);
      const [here, ...others] = nodes;
      if (!here) throw new HarnessError("a cluster has at least one node");
      const ways: [Peer, string][] = [
        ...[external, ...others, here].map((client): [Peer, string] => [client, here.ip]),
        // CNI has no rule for loopback.
        ...(test.declaration.capabilities.includes("cni")
          ? []
          : ([[here, "::1"]] satisfies [Peer, string][])),
      ];
      const look = async () => {
        await Promise.all(
          ways.flatMap(([client, address]) =>
            protocols.map((protocol) => expectOpen(client, published(protocol, address))),
          ),
        );
      };
      await promisedSince(filtered, test, look, { overCni: "ipv6Egress" });
    },
  );

  requirement("I5", "neither by address nor by name", async (test) => {
    const { use, scope, driver, cluster, declaration, fact } = test;
    const { a6: neighbour, b: target, subnet6 } = await use(neighbours);
    const { nodes } = await use(hosts);
    const other = await createDualStack(scope, driver);
    const workload = await other.network.run(scope, nodeOf(cluster));
    const stranger = await overIpv6(workload, other.subnet6);
    const its = await overIpv6(target, subnet6);
    await using listening = await serve(its, { ports: [port] });
    const addresses = await addressesOf(target, 6);
    fact("IPv6 addresses of a container", addresses.length);
    await promisedSince(filtered, test, async () => {
      await Promise.all(
        addresses.map(async (address) => {
          // Its address on the egress is asked by its node, which is there as well.
          const from = address === its.ip ? neighbour : nodes[0];
          if (!from) throw new HarnessError("a cluster has at least one node");
          const options = { control: { from }, mayLackRoute: true };
          await expectBlocked(stranger, listening.at(port, { address }), options);
          await expectNoPing(stranger, { name: target.name, ip: address }, options);
        }),
      );
      if (!declaration.capabilities.includes("names")) return;
      const own = await other.network.run(scope, nodeOf(cluster));
      const { ip } = await overIpv6(own, other.subnet6);
      await expectNoName(
        workload,
        { name: target.name, type: "AAAA" },
        { control: { name: own.name, type: "AAAA", addresses: [ip] } },
      );
    });
  });

  requirement("I6", "the external host has a route to the container", async (test) => {
    const { scope, cluster, use, fact } = test;
    const { workload, published, unpublished } = await use(server);
    const {
      external,
      nodes: [here],
    } = await use(hosts);
    if (!here) throw new HarnessError("a cluster has at least one node");
    const behind = await addressesBehindNode(workload, 6);
    fact("IPv6 addresses behind the node", behind.length);
    await promisedSince(filtered, test, async () => {
      for (const { ip, gateway } of behind) {
        for (const address of [ip, gateway]) await routeThrough(scope, cluster.external, address, here.ip);
        // The node is on the way: only then does an answer that is missing say something.
        await expectPing(external, { name: here.name, ip: gateway });
      }
      await expectOpen(external, published("tcp", here.ip));
      for (const { ip } of behind) {
        const target = unpublished.at(port + 2, { address: ip });
        await expectBlocked(external, target, { control: { from: here } });
      }
    });
  });
});

async function routeThrough(scope: Scope, host: Host, address: string, via: string): Promise<void> {
  const route = [`${address}/128`, "via", via];
  await withUndo(
    scope,
    host,
    ["ip", "-6", "route", "replace", ...route],
    ["ip", "-6", "route", "del", ...route],
  );
}
