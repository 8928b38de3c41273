import { type ChapterContext, chapter } from "#harness/conformance/chapter.ts";
import { heldOver, ipv6FilteredSince } from "#harness/conformance/ip-versions/each.ts";
import { addressHosts, type StackedHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, type IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import { nodeOf, port, portOf, ways6To, waysTo } from "./fixture.ts";

const protocol = "sctp" as const;
/** As what the node publishes `port`. */
const otherPort = 9132;
/** Of the container, and of the node but for the one that is chosen. */
const samePort = 9133;
const boundPort = 9134;
const chosenPort = 9135;
/** As what the node publishes `port` of the container that others of the node ask. */
const sharedPort = 9136;

chapter("datapath", ({ requirement }) => {
  requirement(
    "X5c",
    "as another port, as the same, as one that the engine chooses, and at one address alone, over each IP version",
    async (test) => {
      const { cluster, scope, declaration } = test;
      const node = nodeOf(cluster);
      const { network, versions } = await createStacked(scope, test);
      const everywhere = await addressHosts(scope, cluster, versions);
      const sides = heldOver(test, versions, { since: ipv6FilteredSince }).map((version) =>
        sidesOver(version, everywhere, test),
      );
      // A runtime of CNI is told each port.
      const chooses = !declaration.capabilities.includes("cni");
      const workload = await network.run(scope, node, {
        publish: [
          { port, protocol, hostPort: otherPort },
          { port: samePort, protocol, hostPort: samePort },
          ...sides.map(({ bound: [, address] }) => ({
            port: boundPort,
            protocol,
            hostPort: boundPort,
            address,
          })),
          ...(chooses ? [{ port: chosenPort, protocol }] : []),
        ],
      });
      await using served = await serve(workload, {
        ports: [port, samePort, boundPort, chosenPort],
        protocol,
      });
      await Promise.all(
        sides
          .flatMap(({ ways }) => ways)
          .flatMap(([client, address]) => [
            expectOpen(client, served.at(port, { address, port: otherPort })),
            expectOpen(client, served.at(samePort, { address })),
          ]),
      );

      if (chooses) {
        await Promise.all(
          sides.map(async ({ version, outside: [client, address] }) => {
            const chosen = await portOf(workload, chosenPort, { protocol, version });
            await expectOpen(client, served.at(chosenPort, { address, port: chosen }));
          }),
        );
      }

      await Promise.all(
        sides.map(async ({ bound, elsewhere }) => {
          const isBound = () => expectOpen(bound[0], served.at(boundPort, { address: bound[1] }));
          await isBound();
          await expectRefused(elsewhere[0], served.at(boundPort, { address: elsewhere[1] }));
          await isBound();
        }),
      );
    },
  );

  requirement("X5c", "from containers of its node", async (test) => {
    const { cluster, driver, scope } = test;
    const node = nodeOf(cluster);
    const [network, other] = await Promise.all([driver.createNetwork(scope), driver.createNetwork(scope)]);
    const [workload, neighbour, stranger] = await Promise.all([
      network.run(scope, node, { publish: [{ port, protocol, hostPort: sharedPort }] }),
      network.run(scope, node),
      other.run(scope, node),
    ]);
    await using served = await serve(workload, { ports: [port], protocol });
    const target = served.at(port, { address: node.interfaces.management.address, port: sharedPort });
    await judgeAsPromised(test, async () => {
      await Promise.all([workload, neighbour, stranger].map((client) => expectOpen(client, target)));
    });
  });
});

/** Who asks, and at which address of the node. */
type Way = readonly [client: Peer, address: string];

/** From where the chapter's node is asked over an IP version. */
interface Sides {
  readonly version: IpVersion;
  readonly ways: readonly Way[];
  readonly outside: Way;
  /** At the address to which a port is bound. */
  readonly bound: Way;
  /** At another one. */
  readonly elsewhere: Way;
}

function sidesOver(
  version: IpVersion,
  everywhere: StackedHosts,
  test: Pick<ChapterContext, "cluster" | "declaration"> & Pick<TestTools, "scope">,
): Sides {
  const hosts = everywhere.over(version);
  const { external, node: here, loopback } = hosts;
  const outside: Way = [external, here.ip];
  if (version === 6) {
    // On the networks of the cluster the node has no other IPv6 address.
    return { version, ways: ways6To(hosts, test), outside, bound: outside, elsewhere: [here, loopback] };
  }
  const node = nodeOf(test.cluster);
  const { address } = node.interfaces.control;
  return { version, ways: waysTo(node, test), outside, bound: [here, address], elsewhere: outside };
}
