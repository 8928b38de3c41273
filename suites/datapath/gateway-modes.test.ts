import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { nameOf, overEach } from "#harness/conformance/ip-versions/each.ts";
import { expectEgress } from "#harness/conformance/ip-versions/egress.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { addressOf, contains, familyOf } from "#harness/core/ip.ts";
import { expectNoPing } from "#harness/observe/probe/path.ts";
import { expectBlocked, expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addressesBehindNode, nodeOf, port, routeThrough } from "./fixture.ts";

/** Published by the container of the routed network, where ports of the node are not used. */
const routedPort = 9115;
const protocols = ["tcp", "udp"] as const;

chapter("datapath", ({ requirement, shared }) => {
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  const routed = shared("a container on a routed network", async ({ scope, ...context }) => {
    const stacked = await createStacked(scope, context, { gatewayMode: "routed" });
    const workload = await stacked.network.run(scope, nodeOf(context.cluster), {
      publish: protocols.map((protocol) => ({ port, protocol, hostPort: routedPort })),
    });
    const servers = await Promise.all(
      protocols.map((protocol) => serve(workload, { ports: [port, port + 1], protocol })),
    );
    /** Its ports at one of its own addresses, over each transport. */
    const direct = (address: string) =>
      servers.map((server) => ({
        published: server.at(port, { address }),
        unpublished: server.at(port + 1, { address }),
      }));
    /** What it would publish at an address of its node. */
    const onNode = (address: string) =>
      servers.map((server) => server.at(port, { address, port: routedPort }));
    return { ...stacked, workload, direct, onNode };
  });

  requirement("X10a", "the external host, which has a route to the container", async (test) => {
    await judgeAsPromised(test, async () => {
      const { cluster, scope, use } = test;
      const { versions, over, workload, direct, onNode } = await use(routed);
      const everywhere = await use(hosts);
      await overEach(test, versions, async (version) => {
        const { external: outside, node: here } = everywhere.over(version);
        const { ip } = await over(version, workload);
        await routeThrough(scope, cluster.external, ip, here.ip);
        await expectEgress(workload, everywhere.over(version), { source: ip });
        for (const { published, unpublished } of direct(ip)) {
          await expectOpen(outside, published);
          await expectOpen(here, unpublished);
          await expectBlocked(outside, unpublished, { control: { target: published } });
        }
        await Promise.all(onNode(here.ip).map((target) => expectRefused(outside, target)));
      });
    });
  });

  requirement("X10a", "a container of another network", async (test) => {
    await judgeAsPromised(test, async () => {
      const { cluster, scope, use } = test;
      const { versions, over, workload, direct } = await use(routed);
      const everywhere = await use(hosts);
      const others = await createStacked(scope, test);
      const other = await others.network.run(scope, nodeOf(cluster));
      await overEach(test, versions, async (version) => {
        const [{ ip }, stranger] = await Promise.all([over(version, workload), others.over(version, other)]);
        for (const { published, unpublished } of direct(ip)) {
          await expectOpen(everywhere.over(version).node, unpublished);
          await expectOpen(stranger, published);
          await expectBlocked(stranger, unpublished, { control: { target: published } });
        }
      });
    });
  });

  requirement(
    "X10b",
    "beside an internal network, whose containers and node reach each other",
    async (test) => {
      await judgeAsPromised(test, async () => {
        const { cluster, scope, use } = test;
        const node = nodeOf(cluster);
        const everywhere = await use(hosts);
        const internal = await createStacked(scope, test, { internal: true });
        const isolated = await createStacked(scope, test, { internal: true, gatewayMode: "isolated" });
        const [a, b, c] = await Promise.all([
          isolated.network.run(scope, node),
          isolated.network.run(scope, node),
          internal.network.run(scope, node),
        ]);
        await using server = await serve(a, { ports: [port] });
        await overEach(test, isolated.versions, async (version) => {
          const [ownA, ownB] = await Promise.all([isolated.over(version, a), isolated.over(version, b)]);
          const inside = () => expectOpen(ownB, server.at(port, { address: ownA.ip }));
          await inside();

          const { node: here } = everywhere.over(version);
          const control = await internal.over(version, c);
          await expectNoPing(here, ownA, { control: { to: control }, mayLackRoute: true });
          const [{ gateway } = { gateway: "" }] = await addressesBehindNode(c, version);
          const reached = { from: control, to: { name: node.name, ip: gateway } };
          const own =
            version === 4 ? Object.values(node.interfaces).map(({ address }) => address) : [here.ip];
          for (const ip of own) {
            await expectNoPing(ownA, { name: node.name, ip }, { control: reached, mayLackRoute: true });
          }
          const beside = await addressesBeside(a, ownA.ip);
          expectThat(beside.length === 0, {
            who: `${node.name} and the isolated network ${isolated.network.name}`,
            expected: `no ${nameOf(version)} address of the node there`,
            got: beside.join(", "),
          });
          await inside();
        });
      });
    },
  );
});

/**
 * CIDRs of a workload's node that share a link with it: those of the subnet of that address of the workload's, and those of the same IP
 * version on the bridge that its interface is a port of, link-local ones included.
 */
async function addressesBeside(workload: Workload, address: string): Promise<string[]> {
  const [inside, onNode] = await Promise.all([workload.links(), workload.node.run(listLinks)]);
  const links = parseLinks(onNode);
  const own = inside.find(({ addresses }) => addresses.some((cidr) => addressOf(cidr) === address));
  const bridge = links.find(({ index }) => index === own?.peerIndex)?.master;
  const subnet = own?.addresses.find((cidr) => addressOf(cidr) === address) ?? "";
  return links.flatMap(({ name, addresses }) =>
    addresses.filter(
      (cidr) =>
        contains(subnet, addressOf(cidr)) ||
        (name === bridge && familyOf(addressOf(cidr)) === familyOf(address)),
    ),
  );
}
