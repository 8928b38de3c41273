import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { type ChapterContext, chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { promisedSince } from "#harness/conformance/suite/promised-since.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { Blocked, Unsupported } from "#harness/core/errors.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectBlocked, expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addressesBehindNode, lackOfSctp, nodeOf, port, portOf, routeThrough } from "./fixture.ts";

/** Published on every address of the node, as another port than the container's. */
const hostPorts = { tcp: 9111, udp: 9112 } as const;
const sctpPort = 9132;
const protocols = ["tcp", "udp"] as const;
const loopbackPort = 9113;
const fixedPort = 9114;
const range = [9118, 9119] as const;

chapter("datapath", ({ requirement, shared }) => {
  const network = shared("a network of the driver", ({ driver, scope }) => driver.createNetwork(scope));

  const server = shared("a container with published ports, and its servers", async ({ cluster, scope }) => {
    const node = nodeOf(cluster);
    const workload = await (await network.make()).run(scope, node, {
      publish: [
        ...protocols.map((protocol) => ({ port, protocol, hostPort: hostPorts[protocol] })),
        ...protocols.map((protocol) => ({
          ...{ port: port + 1, protocol, hostPort: loopbackPort },
          address: "127.0.0.1",
        })),
      ],
    });
    const ports = [port, port + 1, port + 2];
    const servers = await Promise.all(protocols.map((protocol) => serve(workload, { ports, protocol })));
    /** What the node publishes at that address, over each transport. */
    const published = (address: string) =>
      servers.map((server, at) => server.at(port, { address, port: hostPorts[protocols[at]!] }));
    /** Of the server on the port that is published on loopback, or on the one after it, which is not published. */
    const hidden = servers.map((server) => ({
      onLoopback: server.at(port + 1),
      unpublished: server.at(port + 2),
    }));
    return { node, workload, published, hidden };
  });

  requirement(
    "X5a",
    "from the external host, from the other node, from the node itself, also on its loopback",
    async ({ use, ...test }) => {
      const { node, published } = await use(server);
      await Promise.all(
        waysTo(node, test).flatMap(([client, address]) =>
          published(address).map((target) => expectOpen(client, target)),
        ),
      );
    },
  );

  requirement(
    "X5c",
    "over SCTP from the external host, from the other node, from the node itself",
    async ({ use, ...test }) => {
      const { cluster, scope, declaration } = test;
      if (declaration.capabilities.includes("cni"))
        throw new Unsupported(`${declaration.name}: over CNI, SCTP is asked for by cni-space alone`);
      const lack = await lackOfSctp(cluster);
      if (lack !== undefined) throw new Blocked(`there are no SCTP sockets: ${lack}`);
      const node = nodeOf(cluster);
      const workload = await (await use(network)).run(scope, node, {
        publish: [{ port, protocol: "sctp", hostPort: sctpPort }],
      });
      await using served = await serve(workload, { ports: [port], protocol: "sctp" });
      await Promise.all(
        waysTo(node, test).map(([client, address]) =>
          expectOpen(client, served.at(port, { address, port: sctpPort })),
        ),
      );
    },
  );

  requirement("X5b", "from containers of its node", async (test) => {
    const { use, scope, driver } = test;
    const { node, workload, published } = await use(server);
    const other = await driver.createNetwork(scope);
    const [neighbour, stranger] = await Promise.all([
      (await use(network)).run(scope, node),
      other.run(scope, node),
    ]);
    const { address } = node.interfaces.management;
    const look = async () => {
      await Promise.all(
        [workload, neighbour, stranger].flatMap((client) =>
          published(address).map((target) => expectOpen(client, target)),
        ),
      );
    };
    await promisedSince("28.0", test, look, { overCni: "hairpin" });
  });

  requirement(
    "X6",
    "the external host has a route to the container and reaches what is published alone",
    async (test) => {
      const { scope, cluster, use, fact } = test;
      const { node, workload, published, hidden } = await use(server);
      const here = hostPeer(scope, node);
      const { external } = cluster;
      const outside = hostPeer(scope, external);
      const { address } = node.interfaces.management;
      const behind = await addressesBehindNode(workload);
      fact("addresses behind the node", behind.length);
      for (const { ip, gateway } of behind) {
        for (const target of [ip, gateway]) await routeThrough(scope, external, target, address);
        // The node is on the way: only then does an answer that is missing say something.
        await expectPing(outside, { name: node.name, ip: gateway });
      }
      await Promise.all(published(address).map((target) => expectOpen(outside, target)));
      await promisedSince("28.0", test, async () => {
        const targets = hidden.flatMap(({ onLoopback, unpublished }) => [onLoopback, unpublished]);
        await Promise.all(
          behind.flatMap(({ ip }) =>
            targets.map((target) =>
              expectBlocked(outside, { ...target, address: ip }, { control: { from: here } }),
            ),
          ),
        );
        for (const { onLoopback } of hidden) {
          await expectOpen(here, { ...onLoopback, address: "127.0.0.1", port: loopbackPort });
          await expectRefused(outside, { ...onLoopback, address, port: loopbackPort });
        }
      });
    },
  );

  requirement(
    "X8a",
    "two chosen ports, one that is taken, one whose container is gone",
    async ({ use, scope, cluster }) => {
      const net = await use(network);
      const node = nodeOf(cluster);
      const outside = hostPeer(scope, cluster.external);
      const { address } = node.interfaces.management;
      const own = scope.child("containers with ports that the engine chose");
      const run = () => net.run(own, node, { publish: [{ port }] });
      const workloads = await Promise.all([run(), run()]);
      const chosen = await Promise.all(workloads.map((workload) => portOf(workload, port)));
      expectThat(chosen[0] !== chosen[1], {
        who: `docker port of ${workloads.map(({ name }) => name).join(" and ")}`,
        expected: "different ports",
        got: `${chosen[0]} for both`,
      });
      const servers = await Promise.all(workloads.map((workload) => serve(workload, { ports: [port] })));
      const asked = servers.map((one, index) => one.at(port, { address, port: chosen[index] ?? 0 }));
      for (const target of asked) await expectOpen(outside, target);

      const [taken = 0] = chosen;
      await expectRefusal(
        `docker run --publish ${taken}:${port}`,
        net.run(scope, node, { publish: [{ port, hostPort: taken }] }),
        [String(taken)],
      );
      for (const target of asked) await expectOpen(outside, target);

      await own.close();
      for (const target of asked) await expectRefused(outside, target);
    },
  );

  requirement("X8a", "two containers share a range of two ports", async ({ use, scope, cluster }) => {
    const net = await use(network);
    const node = nodeOf(cluster);
    const outside = hostPeer(scope, cluster.external);
    const { address } = node.interfaces.management;
    const workloads: Workload[] = [];
    for (const _ of range)
      workloads.push(
        await net.run(scope, node, { publish: [{ port, hostPort: { from: range[0], to: range[1] } }] }),
      );
    const taken = await Promise.all(workloads.map((workload) => portOf(workload, port)));
    expectFact("docker port of two containers", "ports of the range", taken.toSorted(), [...range]);
    for (const [index, workload] of workloads.entries()) {
      const server = await serve(workload, { ports: [port] });
      await expectOpen(outside, server.at(port, { address, port: taken[index] ?? 0 }));
    }
  });

  requirement(
    "X8b",
    "in a second network, and out of it again",
    async ({ use, scope, cluster, driver, fact }) => {
      const [net, second] = [await use(network), await driver.createNetwork(scope, { name: first() })];
      const node = nodeOf(cluster);
      const outside = hostPeer(scope, cluster.external);
      const { address } = node.interfaces.management;
      const workload = await net.run(scope, node, {
        publish: [
          ...protocols.map((protocol) => ({ port, protocol, hostPort: fixedPort })),
          { port: port + 1 },
        ],
      });
      const targets = await Promise.all(
        protocols.map(async (protocol) =>
          (await serve(workload, { ports: [port], protocol })).at(port, { address, port: fixedPort }),
        ),
      );
      const isReached = () => Promise.all(targets.map((target) => expectOpen(outside, target)));
      const chosen = await portOf(workload, port + 1);
      await isReached();
      const unchanged = async (when: string) => {
        const told = await Promise.all(protocols.map((protocol) => portOf(workload, port, { protocol })));
        const wanted = protocols.map(() => fixedPort);
        expectFact(`docker port ${workload.name} ${when}`, "the node's ports", told, wanted);
        await isReached();
        // Docker's documentation promises nothing of it, and its bridge chooses anew (moby#40740).
        const stays = (await portOf(workload, port + 1)) === chosen;
        fact(`a port that the engine chose, ${when}`, stays ? "stays" : "moves");
      };
      await second.connect(scope, workload);
      await unchanged("in a second network");
      await second.disconnect(workload);
      await unchanged("after it left that");
    },
  );
});

/** Who asks a node for what it publishes, and at which of its addresses. */
function waysTo(
  node: ClusterNode,
  { cluster, scope, declaration }: Pick<ChapterContext, "cluster" | "declaration"> & Pick<TestTools, "scope">,
): [Peer, string][] {
  const other = cluster.nodes.find((one) => one !== node);
  const { management, control } = node.interfaces;
  const here = hostPeer(scope, node);
  const fromOther: [Peer, string][] = other
    ? [
        [hostPeer(scope, other), management.address],
        [hostPeer(scope, other, "control"), control.address],
      ]
    : [];
  // Any address of the node for Docker; CNI has no rule for loopback.
  const loopback: [Peer, string][] = declaration.capabilities.includes("cni") ? [] : [[here, "127.0.0.1"]];
  return [
    [hostPeer(scope, cluster.external), management.address],
    ...fromOther,
    [here, management.address],
    [here, control.address],
    ...loopback,
  ];
}

/** The egress goes through the network whose name comes first, and with it what is published. */
function first(): string {
  return uniqueName("aa");
}
