import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { heldOver, ipv6FilteredSince, nameOf } from "#harness/conformance/ip-versions/each.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { expectRefusal } from "#harness/conformance/refusal.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectBlocked, expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  addressesBehindNode,
  firstName,
  nodeOf,
  port,
  portOf,
  refuseNoneBehind,
  routeThrough,
  waysTo,
} from "./fixture.ts";
import { attachBeside } from "./loopback-neighbour.ts";

/** Published on every address of the node, as another port than the container's. */
const hostPorts = { tcp: 9111, udp: 9112 } as const;
const protocols = ["tcp", "udp"] as const;
const loopbackPort = 9113;
const loopback = "127.0.0.1";
const fixedPort = 9114;
const range = [9118, 9119] as const;

chapter("datapath", ({ requirement, shared }) => {
  const stack = shared("a network of the driver", ({ scope, ...context }) => createStacked(scope, context));
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  const server = shared("a container with published ports, and its servers", async ({ cluster, scope }) => {
    const node = nodeOf(cluster);
    const workload = await (await stack.make()).network.run(scope, node, {
      publish: [
        ...protocols.map((protocol) => ({ port, protocol, hostPort: hostPorts[protocol] })),
        ...protocols.map((protocol) => ({
          ...{ port: port + 1, protocol, hostPort: loopbackPort },
          address: loopback,
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

  requirement("X5b", "from containers of its node", async (test) => {
    const { use, scope, driver } = test;
    const { node, workload, published } = await use(server);
    const other = await driver.createNetwork(scope);
    const [neighbour, stranger] = await Promise.all([
      (await use(stack)).network.run(scope, node),
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
    await judgeAsPromised(test, look);
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
      await judgeAsPromised(test, async () => {
        for (const { onLoopback } of hidden) {
          const isThere = () => expectOpen(here, { ...onLoopback, address: loopback, port: loopbackPort });
          await isThere();
          await expectRefused(outside, { ...onLoopback, address, port: loopbackPort });
          await isThere();
        }
        refuseNoneBehind(workload, behind);
        const targets = hidden.flatMap(({ onLoopback, unpublished }) => [onLoopback, unpublished]);
        await Promise.all(
          behind.flatMap(({ ip }) =>
            targets.map((target) =>
              expectBlocked(outside, { ...target, address: ip }, { control: { from: here } }),
            ),
          ),
        );
      });
    },
  );

  requirement("X6", "a host beside the node sends to it what is for 127.0.0.1", async (test) => {
    const { scope, cluster, use } = test;
    const { node, published, hidden } = await use(server);
    const here = hostPeer(scope, node);
    const beside = await attachBeside(scope, cluster.external, node, loopback);
    const open = published(node.interfaces.management.address);
    await judgeAsPromised(test, async () => {
      await Promise.all(
        hidden.map(async ({ onLoopback }, at) => {
          const target = { ...onLoopback, address: loopback, port: loopbackPort };
          const isThere = () => expectOpen(here, target);
          await isThere();
          await expectBlocked(beside, target, { control: { target: open[at]! } });
          await isThere();
        }),
      );
    });
  });

  requirement(
    "X8a",
    "ports of two containers, of all and of a range of two, over TCP, UDP and each IP version; one that is taken, and those of who is gone",
    async (test) => {
      const { use, scope, cluster } = test;
      const { network, versions } = await use(stack);
      const everywhere = await use(hosts);
      const node = nodeOf(cluster);
      const own = scope.child("containers with ports that the engine chose");
      const hostPort = { from: range[0], to: range[1] };
      const publish = protocols.flatMap((protocol) => [
        { port, protocol },
        { port: port + 1, protocol, hostPort },
      ]);
      const workloads: Workload[] = [];
      for (const _ of range) workloads.push(await network.run(own, node, { publish }));
      const who = `docker port of ${workloads.map(({ name }) => name).join(" and ")}`;
      const held = heldOver(test, versions, { since: ipv6FilteredSince });
      const askedOver = async (protocol: (typeof protocols)[number]) => {
        const servers = await Promise.all(
          workloads.map((workload) => serve(workload, { ports: [port, port + 1], protocol })),
        );
        return Promise.all(
          held.map(async (version) => {
            const { external, node: here } = everywhere.over(version);
            const told = (inside: number) =>
              Promise.all(workloads.map((workload) => portOf(workload, inside, { version, protocol })));
            const [chosen, ofRange] = await Promise.all([told(port), told(port + 1)]);
            const what = `${who}, ${protocol}, ${nameOf(version)}`;
            expectThat(new Set(chosen).size === chosen.length, {
              who: what,
              expected: "different ports",
              got: `${chosen[0]} for both`,
            });
            expectFact(what, "ports of the range", ofRange.toSorted(), [...range]);
            return servers.flatMap((server, index) => [
              {
                protocol,
                from: external,
                target: server.at(port, { address: here.ip, port: chosen[index]! }),
              },
              {
                protocol,
                from: external,
                target: server.at(port + 1, { address: here.ip, port: ofRange[index]! }),
              },
            ]);
          }),
        );
      };
      const asked = (await Promise.all(protocols.map(askedOver))).flat(2);
      const areReached = () => Promise.all(asked.map(({ from, target }) => expectOpen(from, target)));
      await areReached();

      await Promise.all(
        protocols.map((protocol) => {
          const taken = asked.find((one) => one.protocol === protocol)!.target.port;
          return expectRefusal(
            `docker run --publish ${taken}:${port}/${protocol}`,
            network.run(scope, node, { publish: [{ port, protocol, hostPort: taken }] }),
            [String(taken)],
          );
        }),
      );
      await areReached();

      await own.close();
      await Promise.all(asked.map(({ from, target }) => expectRefused(from, target)));
    },
  );

  requirement("X8b", "in a second network, and out of it again, over each IP version", async (test) => {
    const { use, scope, cluster, fact } = test;
    const { network, versions } = await use(stack);
    const second = (await createStacked(scope, test, { name: firstName() })).network;
    const everywhere = await use(hosts);
    const node = nodeOf(cluster);
    const held = heldOver(test, versions, { since: ipv6FilteredSince });
    const workload = await network.run(scope, node, {
      publish: [
        ...protocols.map((protocol) => ({ port, protocol, hostPort: fixedPort })),
        { port: port + 1 },
      ],
    });
    const servers = await Promise.all(
      protocols.map((protocol) => serve(workload, { ports: [port], protocol })),
    );
    const asked = held.flatMap((version) => {
      const { external, node: here } = everywhere.over(version);
      return servers.map((server) => ({
        from: external,
        target: server.at(port, { address: here.ip, port: fixedPort }),
      }));
    });
    const isReached = () => Promise.all(asked.map(({ from, target }) => expectOpen(from, target)));
    const chosen = await portOf(workload, port + 1);
    await isReached();
    const unchanged = async (when: string) => {
      const ports = held.flatMap((version) => protocols.map((protocol) => ({ protocol, version })));
      const told = await Promise.all(ports.map((one) => portOf(workload, port, one)));
      const wanted = ports.map(() => fixedPort);
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
  });
});
