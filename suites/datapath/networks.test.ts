import { chapter } from "#harness/conformance/chapter.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectBlocked, expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { fetchFromExternalHost } from "#harness/workload/reach/fetch.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import { addressesOf, nodeOf, port } from "./fixture.ts";

chapter("datapath", ({ requirement, shared }) => {
  const neighbours = shared(
    "a network with two containers on one node",
    async ({ driver, cluster, scope }) => {
      const network = await driver.createNetwork(scope);
      const node = nodeOf(cluster);
      const [a, b] = await Promise.all([network.run(scope, node), network.run(scope, node)]);
      return { network, a, b };
    },
  );

  const others = shared(
    "another network with two containers on that node",
    async ({ driver, cluster, scope }) => {
      const network = await driver.createNetwork(scope);
      const node = nodeOf(cluster);
      const [a, b] = await Promise.all([network.run(scope, node), network.run(scope, node)]);
      return { network, a, b };
    },
  );

  requirement("B8", "two containers on one node reach each other both ways", async ({ use, declaration }) => {
    const { a, b } = await use(neighbours);
    await Promise.all([expectPing(a, b), expectPing(b, a)]);
    await using server = await serve(b, { ports: [0] });
    await expectOpen(a, server.at(server.ports[0] ?? 0));
    await using datagrams = await serve(a, { ports: [0], protocol: "udp" });
    await expectOpen(b, datagrams.at(datagrams.ports[0] ?? 0));
    if (!declaration.capabilities.includes("names")) return;
    await Promise.all([expectPingByName(a, b), expectPingByName(b, a)]);
  });

  requirement(
    "B9",
    "a container is not reached from another network",
    async ({ use, scope, declaration, fact }) => {
      const [{ a, b: neighbour }, other] = await Promise.all([use(neighbours), use(others)]);
      const { a: target, b: itsNeighbour } = other;
      await using server = await serve(target, { ports: [port] });
      const addresses = await addressesOf(target);
      fact("addresses of a container", addresses.length);
      for (const address of addresses) {
        // Its address on the egress is asked by its node, which is there as well.
        const control = address === target.ip ? itsNeighbour : hostPeer(scope, target.node);
        await expectBlocked(a, server.at(port, { address }), { control: { from: control } });
        await expectNoPing(a, { name: target.name, ip: address }, { control: { from: control } });
      }
      if (!declaration.capabilities.includes("names")) return;
      await expectNoName(
        a,
        { name: target.name },
        { control: { name: neighbour.name, addresses: [neighbour.ip] } },
      );
    },
  );

  requirement(
    "B10",
    "containers of an internal network reach each other and nothing else",
    async ({ use, cluster, driver, declaration, scope, fact }) => {
      const { a: elsewhere } = await use(neighbours);
      const node = nodeOf(cluster);
      const network = await driver.createNetwork(scope, { internal: true });
      const [a, b] = await Promise.all([
        network.run(scope, node, { publish: [{ port, hostPort: internalPort }] }),
        network.run(scope, node),
      ]);
      const route = await a.inNetns(["ip", "route", "show", "default"]);
      fact("default route of an internal network", route.stdout.trim() === "" ? "none" : "one");
      await using server = await serve(a, { ports: [port] });
      const inside = async () => {
        await expectOpen(b, server.at(port));
        if (declaration.capabilities.includes("names")) await expectPingByName(a, b);
      };
      await inside();

      const { external } = cluster;
      const outside = hostPeer(scope, external);
      await expectNoPing(a, outside, { control: { from: elsewhere }, mayLackRoute: true });
      if (declaration.capabilities.includes("names")) {
        await expectNoName(a, { name: external.hostName }, { control: { name: b.name, addresses: [b.ip] } });
      }
      const published = server.at(port, {
        address: node.interfaces.management.address,
        port: internalPort,
      });
      await expectRefused(outside, published);
      await inside();
    },
  );

  requirement(
    "B11",
    "both networks and the outside are reached after a second one was joined, and after the first one was left",
    async ({ use, cluster, scope, declaration }) => {
      // Which of two attachments leads outside is left to the configuration in CNI.
      const throughCni = declaration.capabilities.includes("cni");
      const reachesOutside = async () => {
        if (!throughCni) await fetchFromExternalHost(cluster, workload);
      };
      const [{ a: firstPeer, network: first }, { a: secondPeer, network: second }] = await Promise.all([
        use(neighbours),
        use(others),
      ]);
      const workload = await first.run(scope, nodeOf(cluster));
      await fetchFromExternalHost(cluster, workload);
      await second.connect(scope, workload);
      await Promise.all([expectPing(workload, firstPeer), expectPing(workload, secondPeer)]);
      await reachesOutside();
      await first.disconnect(workload);
      await expectPing(workload, secondPeer);
      await reachesOutside();
    },
  );
});

/** Published by a container of the internal network alone. */
const internalPort = 9110;
