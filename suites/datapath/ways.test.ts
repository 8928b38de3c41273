import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { promisedSince } from "#harness/conformance/suite/promised-since.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { type Peer, type ProbeTarget, serve } from "#harness/observe/probe/service.ts";
import type { PublishSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { type Client, describeWay, type Way, ways } from "./combinations.ts";
import { nodeOf, portOf } from "./fixture.ts";

/** First port of the container, and of the node where that is another one or one of a range. */
const firstPort = 9120;
const firstOther = 9140;
const firstOfRange = 9160;
const rangeSize = 3;

chapter("datapath", ({ requirement, shared }) => {
  const publisher = shared(
    "a container that publishes ports in every way",
    async ({ cluster, driver, declaration, scope }) => {
      const node = nodeOf(cluster);
      const network = await driver.createNetwork(scope);
      // A runtime of CNI is given each port, and plugins have no rule for loopback.
      const possible = declaration.capabilities.includes("cni")
        ? ways.filter(({ hostPort, bound }) => /equal|other/.test(hostPort) && bound !== "loopback")
        : ways;
      const ports = possible.map((way, index) => ({ way, publish: publishOf(way, index, node) }));
      const workload = await network.run(scope, node, { publish: ports.map(({ publish }) => publish) });
      const published = await Promise.all(
        ports.map(async ({ way, publish }): Promise<Published> => {
          const { port, protocol, hostPort } = publish;
          const server = await serve(workload, { ports: [port], protocol: way.protocol });
          const told = typeof hostPort === "number" ? hostPort : await portOf(workload, port, protocol);
          if (typeof hostPort === "object") expectWithin(workload, told, hostPort);
          return { way, at: (address) => server.at(port, { address, port: told }) };
        }),
      );
      return { node, network, workload, published };
    },
  );

  requirement(
    "X5a",
    "pairwise: protocol, port of the node, its address, and hosts that ask",
    async (test) => {
      const { use, cluster, scope, fact } = test;
      const { node, published } = await use(publisher);
      const [, other] = cluster.nodes;
      const clients: Clients = {
        "external host": hostPeer(scope, cluster.external),
        "node itself": hostPeer(scope, node),
        ...(other ? { "other node": hostPeer(scope, other) } : {}),
      };
      fact("combinations", await expectPublished(scope, node, published, clients));
    },
  );

  requirement(
    "X5b",
    "pairwise: protocol, port of the node, its address, and containers that ask",
    async (test) => {
      const { use, scope, driver, fact } = test;
      const { node, network, workload, published } = await use(publisher);
      const elsewhere = await driver.createNetwork(scope);
      const [neighbour, stranger] = await Promise.all([network.run(scope, node), elsewhere.run(scope, node)]);
      const clients: Clients = {
        "container itself": workload,
        neighbour,
        "other network": stranger,
      };
      const look = async () => {
        fact("combinations", await expectPublished(scope, node, published, clients));
      };
      await promisedSince("28.0", test, look, { overCni: "hairpin" });
    },
  );
});

type Clients = Partial<Record<Client, Peer>>;

/** A port that a container publishes; `at`: as it is asked for at an address of the node. */
interface Published {
  readonly way: Way;
  readonly at: (address: string) => ProbeTarget;
}

function publishOf(
  { protocol, hostPort, bound }: Way,
  index: number,
  node: ClusterNode,
): PublishSpec & Required<Pick<PublishSpec, "protocol">> {
  const port = firstPort + index;
  const from = firstOfRange + rangeSize * index;
  const ofNode = {
    equal: { hostPort: port },
    other: { hostPort: firstOther + index },
    chosen: {},
    ranged: { hostPort: { from, to: from + rangeSize - 1 } },
  }[hostPort];
  const at = {
    "every address": {},
    "one address": { address: node.interfaces.control.address },
    loopback: { address: loopback },
  }[bound];
  return { port, protocol, ...ofNode, ...at };
}

const loopback = "127.0.0.1";

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
  scope: Parameters<typeof hostPeer>[0],
  node: ClusterNode,
  published: readonly Published[],
  clients: Clients,
): Promise<string> {
  const here = hostPeer(scope, node);
  const tried = published.flatMap((one) =>
    one.way.clients.flatMap((name) => {
      const client = clients[name];
      return client ? [{ ...one, name, client }] : [];
    }),
  );
  await Promise.all(
    tried.map(async ({ way, at, client, name }) => {
      const { management, control } = node.interfaces;
      if (way.bound === "every address") return expectOpen(client, at(management.address));
      const [bound, from] =
        way.bound === "one address"
          ? [control.address, client]
          : // What is published there is for the node alone.
            [loopback, name === "node itself" ? client : here];
      await expectOpen(from, at(bound));
      await expectRefused(client, at(management.address));
      return expectOpen(from, at(bound));
    }),
  );
  return tried.map(({ way, name }) => `${describeWay(way)}: ${name}`).join("; ");
}
