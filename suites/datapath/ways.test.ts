import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { type ChapterContext, chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { ipv6FilteredSince } from "#harness/conformance/ip-versions/each.ts";
import { addressHosts, type StackedHosts } from "#harness/conformance/ip-versions/hosts.ts";
import {
  createStacked,
  type IpVersion,
  ipVersionsOf,
  type Stacked,
} from "#harness/conformance/ip-versions/stacked.ts";
import { isPromised, judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { type Peer, type ProbeTarget, serve } from "#harness/observe/probe/service.ts";
import type { PublishSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { type Bound, type Client, describeWay, type Way, ways } from "./combinations.ts";
import { nodeOf, portOf, reachesOnLoopback6 } from "./fixture.ts";

/** First port of the container, and of the node where that is another one or one of a range. */
const firstPort = 9120;
const firstOther = 9140;
const firstOfRange = 9160;
const rangeSize = 3;

chapter("datapath", ({ requirement, shared }) => {
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  const publisher = shared("a container that publishes ports in every way", async ({ scope, ...context }) => {
    const node = nodeOf(context.cluster);
    const stacked = await createStacked(scope, context);
    const everywhere = await hosts.make();
    const ports = possibleWays(stacked, context).map((way, index) => {
      const { loopback, node: here } = everywhere.over(way.version);
      const one = way.version === 4 ? node.interfaces.control.address : here.ip;
      return { way, publish: publishOf(way, index, { "one address": one, loopback }) };
    });
    const workload = await stacked.network.run(scope, node, { publish: ports.map(({ publish }) => publish) });
    const published = await Promise.all(
      ports.map(async ({ way, publish }): Promise<Published> => {
        const { port, protocol, hostPort, address } = publish;
        const server = await serve(workload, { ports: [port], protocol });
        const { version } = way;
        const told =
          typeof hostPort === "number" ? hostPort : await portOf(workload, port, { protocol, version });
        if (typeof hostPort === "object") expectWithin(workload, told, hostPort);
        return { way, bound: address, at: (asked) => server.at(port, { address: asked, port: told }) };
      }),
    );
    return { ...stacked, node, everywhere, workload, published };
  });

  requirement(
    "X5a",
    "pairwise: protocol, port of the node, its address, IP version, and hosts that ask",
    async ({ use, cluster, fact }) => {
      const { node, everywhere, published } = await use(publisher);
      const [, other] = cluster.nodes;
      const clients = (version: IpVersion): Clients => {
        const { external, node: here, nodes } = everywhere.over(version);
        return {
          "external host": external,
          "node itself": here,
          ...(other && nodes[1] ? { "other node": nodes[1] } : {}),
        };
      };
      fact("combinations", await expectPublished(node, everywhere, published, clients));
    },
  );

  requirement(
    "X5b",
    "pairwise: protocol, port of the node, its address, IP version, and containers that ask",
    async (test) => {
      const { use, scope, fact } = test;
      const { node, network, everywhere, workload, published } = await use(publisher);
      const elsewhere = await createStacked(scope, test);
      const [neighbour, stranger] = await Promise.all([
        network.run(scope, node),
        elsewhere.network.run(scope, node),
      ]);
      const clients: Clients = { "container itself": workload, neighbour, "other network": stranger };
      const look = async () => {
        fact("combinations", await expectPublished(node, everywhere, published, () => clients));
      };
      await judgeAsPromised(test, look);
    },
  );
});

type Clients = Partial<Record<Client, Peer>>;

/** A port that a container publishes. */
interface Published {
  readonly way: Way;
  /** Address of the node at which it is published; undefined: all. */
  readonly bound: string | undefined;
  /** As it is asked for at an address of the node. */
  readonly at: (address: string) => ProbeTarget;
}

/** What the driver and its engine can be asked for; what is over IPv6 is asked for over IPv4 where nobody promises it. */
function possibleWays(
  { versions }: Pick<Stacked, "versions">,
  context: Pick<ChapterContext, "cluster" | "declaration">,
): readonly Way[] {
  const over6 = versions.includes(6) && isPromised(ipv6FilteredSince, context, { overCni: "ipv6Egress" });
  const asked = over6 ? ways : ways.map((way): Way => ({ ...way, version: 4 }));
  const there = asked.filter(
    ({ version, bound }) => version === 4 || bound !== "loopback" || reachesOnLoopback6(context),
  );
  // A runtime of CNI is given each port, and plugins have no rule for loopback.
  return context.declaration.capabilities.includes("cni")
    ? there.filter(({ hostPort, bound }) => /equal|other/.test(hostPort) && bound !== "loopback")
    : there;
}

/** The port as it is published, at one of these addresses of the node where it is bound to one. */
function publishOf(
  { protocol, hostPort, bound }: Way,
  index: number,
  addresses: Record<Exclude<Bound, "every address">, string>,
): PublishSpec & Required<Pick<PublishSpec, "protocol">> {
  const port = firstPort + index;
  const from = firstOfRange + rangeSize * index;
  const ofNode = {
    equal: { hostPort: port },
    other: { hostPort: firstOther + index },
    chosen: {},
    ranged: { hostPort: { from, to: from + rangeSize - 1 } },
  }[hostPort];
  return { port, protocol, ...ofNode, ...(bound === "every address" ? {} : { address: addresses[bound] }) };
}

function expectWithin(workload: Workload, told: number, { from, to }: { from: number; to: number }): void {
  expectThat(told >= from && told <= to, {
    who: `docker port ${workload.name}`,
    expected: `a port from ${from} to ${to}`,
    got: String(told),
  });
}

/**
 * Each port answers each of its clients among `clients` where it is published, and nowhere else. Resolves to the combinations that
 * were tried, in words.
 */
async function expectPublished(
  { interfaces }: ClusterNode,
  everywhere: StackedHosts,
  published: readonly Published[],
  clients: (version: IpVersion) => Clients,
): Promise<string> {
  const tried = published.flatMap((one) =>
    one.way.clients.flatMap((name) => {
      const client = clients(one.way.version)[name];
      return client ? [{ ...one, name, client }] : [];
    }),
  );
  await Promise.all(
    tried.map(async ({ way, bound, at, client, name }) => {
      const { node: here } = everywhere.over(way.version);
      if (bound === undefined) return expectOpen(client, at(here.ip));
      // What is published on loopback is for the node alone.
      const from = way.bound === "loopback" && name !== "node itself" ? here : client;
      await expectOpen(from, at(bound));
      // Of an IPv6 address the IPv4 one is another; on the management network the node has one of each.
      await expectRefused(client, at(bound === here.ip ? interfaces.management.address : here.ip));
      return expectOpen(from, at(bound));
    }),
  );
  return tried.map(({ way, name }) => `${describeWay(way)}: ${name}`).join("; ");
}
