import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact } from "#harness/conformance/expect.ts";
import { heldOver, ipv6FilteredSince, overEach } from "#harness/conformance/ip-versions/each.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { runInTurn } from "#harness/conformance/pair.ts";
import { until } from "#harness/core/async/poll.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import { nodeOf } from "#suites/datapath/fixture.ts";
import { expectReachedWhereItMoved } from "#suites/multihost/moving-addresses.ts";

const moves = 6;
const port = 8081;
const hostPort = 9103;

/** What becomes of a container's attachment, and of the next one. */
chapter("basics", ({ requirement }) => {
  requirement(
    "B13",
    `${moves} moves of two addresses of each IP version between containers of one node`,
    async (test) => {
      const { cluster, scope, declaration } = test;
      const stacked = await createStacked(scope, test);
      const place = nodeOf(cluster);
      const nodes = declaration.capabilities.includes("multihost") ? cluster.nodes : [place];
      const observers = await runInTurn(scope, stacked.network, nodes);
      await expectReachedWhereItMoved(test, {
        stacked,
        places: [place, place],
        observers,
        moves,
      });
    },
    { deadlineMs: 240_000 },
  );

  requirement(
    "B14",
    "its namespace, its interfaces and the rules are gone when DEL is called",
    async (test) => {
      const { cluster, scope, declaration } = test;
      const node = nodeOf(cluster);
      const { network, versions, over } = await createStacked(scope, test);
      const publish = declaration.capabilities.includes("publish") ? [{ port, hostPort }] : [];
      const run = (own: typeof scope) => network.run(own, node, { publish });

      const before = await stateOf(node);
      const life = scope.child("a container before the restart");
      const workload = await run(life);
      // Another runtime would notice, and call DEL while everything is still there.
      if (!workload.ofEngine)
        throw new Unsupported("the end of its node is played to containers of the engine");
      const kept = await network.inspect(node);
      expectFact(network.name, "attached containers", Object.keys(kept.containers), [workload.id]);
      await node.docker.getContainer(workload.id).kill();
      await restore(node, before);
      await network.disconnect(workload);
      await life.close();
      expectFact(network.name, "attached containers", (await network.inspect(node)).containers, {});

      const again = await run(scope);
      const neighbour = await network.run(scope, node);
      const server = await serve(again, { ports: [port] });
      await overEach(test, versions, async (version) => {
        const [from, { ip: address }] = await Promise.all([over(version, neighbour), over(version, again)]);
        await expectOpen(from, server.at(port, { address }));
      });
      if (publish.length === 0) return;
      const held = heldOver({ cluster, declaration }, versions, { since: ipv6FilteredSince });
      const hosts = await addressHosts(scope, cluster, held);
      await Promise.all(
        held.map(async (version) => {
          const { external, node: here } = hosts.over(version);
          await expectOpen(external, server.at(port, { address: here.ip, port: hostPort }));
        }),
      );
    },
    // The rules of others would go with what was made meanwhile.
    { alone: true },
  );
});

const families = ["iptables", "ip6tables"] as const;

/** What a node has that is gone with a restart, and that a plugin may have added to. */
interface NodeState {
  /** Names. */
  readonly links: readonly string[];
  /** As `iptables-save` tells them, by family. */
  readonly rules: ReadonlyMap<string, string>;
}

async function stateOf(node: ClusterNode): Promise<NodeState> {
  const rules = families.map(async (family) => [family, await node.run([`${family}-save`])] as const);
  return { links: await linksOf(node), rules: new Map(await Promise.all(rules)) };
}

/** Takes away what came since: interfaces and rules. A container's own ones go by themselves, a little after it. */
async function restore(node: ClusterNode, { links, rules }: NodeState): Promise<void> {
  for (const [family, input] of rules) await node.run([`${family}-restore`, "--wait"], { input });
  for (const name of await linksOf(node)) {
    if (!links.includes(name)) await node.exec(["ip", "link", "del", name]);
  }
  await until({ what: `the links of before on ${node.name}`, deadlineMs: 10_000 }, async () => {
    const present = await linksOf(node);
    return present.every((name) => links.includes(name));
  });
}

async function linksOf(node: ClusterNode): Promise<string[]> {
  return parseLinks(await node.run(listLinks)).map(({ name }) => name);
}
