import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { promisedSince } from "#harness/conformance/suite/promised-since.ts";
import { addressOf, contains } from "#harness/core/ip.ts";
import { expectNoPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectBlocked, expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import { fetchFromExternalHost } from "#harness/workload/reach/fetch.ts";
import { addressesBehindNode, nodeOf, port, routeThrough } from "./fixture.ts";

/** Published by the container of the routed network, where ports of the node are not used. */
const routedPort = 9115;

chapter("datapath", ({ requirement, shared }) => {
  const routed = shared("a container on a routed network", async ({ cluster, driver, scope }) => {
    const node = nodeOf(cluster);
    const network = await driver.createNetwork(scope, { gatewayMode: "routed" });
    const workload = await network.run(scope, node, { publish: [{ port, hostPort: routedPort }] });
    const [published, unpublished] = await Promise.all([
      serve(workload, { ports: [port] }),
      serve(workload, { ports: [port + 1] }),
    ]);
    return { node, workload, published, unpublished: unpublished.at(port + 1) };
  });

  requirement("X10a", "the external host, which has a route to the container", async (test) => {
    await promisedSince("27.0", test, async () => {
      const { cluster, scope, use } = test;
      const { node, workload, published, unpublished } = await use(routed);
      const outside = hostPeer(scope, cluster.external);
      const { address } = node.interfaces.management;
      await routeThrough(scope, cluster.external, workload.ip, address);
      await fetchFromExternalHost(cluster, workload, { source: workload.ip });
      const direct = published.at(port);
      await expectOpen(outside, direct);
      await expectOpen(hostPeer(scope, node), unpublished);
      await expectBlocked(outside, unpublished, { control: { target: direct } });
      await expectRefused(outside, published.at(port, { address, port: routedPort }));
    });
  });

  requirement("X10a", "a container of another network", async (test) => {
    await promisedSince("28.0", test, async () => {
      const { driver, scope, use } = test;
      const { node, published, unpublished } = await use(routed);
      const stranger = await (await driver.createNetwork(scope)).run(scope, node);
      const direct = published.at(port);
      await expectOpen(hostPeer(scope, node), unpublished);
      await expectOpen(stranger, direct);
      await expectBlocked(stranger, unpublished, { control: { target: direct } });
    });
  });

  requirement(
    "X10b",
    "beside an internal network, whose containers and node reach each other",
    async (test) => {
      await promisedSince("28.0", test, async () => {
        const { cluster, driver, scope } = test;
        const node = nodeOf(cluster);
        const internal = await driver.createNetwork(scope, { internal: true });
        const isolated = await driver.createNetwork(scope, { internal: true, gatewayMode: "isolated" });
        const [a, b, c] = await Promise.all([
          isolated.run(scope, node),
          isolated.run(scope, node),
          internal.run(scope, node),
        ]);
        await using server = await serve(a, { ports: [port] });
        await expectOpen(b, server.at(port));

        const here = hostPeer(scope, node);
        await expectNoPing(here, a, { control: { to: c }, mayLackRoute: true });
        const [{ gateway } = { gateway: "" }] = await addressesBehindNode(c);
        const control = { from: c, to: { name: node.name, ip: gateway } };
        for (const { address } of Object.values(node.interfaces)) {
          await expectNoPing(a, { name: node.name, ip: address }, { control, mayLackRoute: true });
        }
        const own = parseLinks(await node.run(listLinks)).flatMap(({ addresses }) => addresses);
        expectThat(!own.some((cidr) => contains(isolated.subnet, addressOf(cidr))), {
          who: `${node.name} and the isolated network ${isolated.name}`,
          expected: `no address of the node in ${isolated.subnet}`,
          got: own.join(", "),
        });
        await expectOpen(b, server.at(port));
      });
    },
  );
});
