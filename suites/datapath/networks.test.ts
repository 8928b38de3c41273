import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectThat } from "#harness/conformance/expect.ts";
import { ipv6FilteredSince, nameOf, overEach } from "#harness/conformance/ip-versions/each.ts";
import { expectEgress } from "#harness/conformance/ip-versions/egress.ts";
import { addressHosts } from "#harness/conformance/ip-versions/hosts.ts";
import { createStacked, type IpVersion, ipVersionsOf } from "#harness/conformance/ip-versions/stacked.ts";
import { judgeAsPromised } from "#harness/conformance/suite/promised-since.ts";
import { Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { expectNoName } from "#harness/observe/probe/names.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import { expectOpen, expectRefused } from "#harness/observe/probe/reachability.ts";
import { type Peer, serve } from "#harness/observe/probe/service.ts";
import { outOfView } from "#harness/observe/second-look/view.ts";
import { expectTold, recordTypes, resolveOnLoopback } from "#harness/workload/reach/loopback-resolver.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import type { Workload } from "#harness/workload/workload.ts";
import {
  type Apart,
  addressesBehindNode,
  addressesOf,
  expectApart,
  firstName,
  nodeOf,
  port,
  routeThrough,
} from "./fixture.ts";

chapter("datapath", ({ requirement, shared }) => {
  const hosts = shared("an address of each IP version on every host", async ({ scope, ...context }) =>
    addressHosts(scope, context.cluster, await ipVersionsOf(context)),
  );

  const neighbours = shared("a network with two containers on one node", async ({ scope, ...context }) => {
    // What B11 leaves has the egress until then.
    const stacked = await createStacked(scope, context, { name: firstName() });
    const { network } = stacked;
    const node = nodeOf(context.cluster);
    const [a, b] = await Promise.all([network.run(scope, node), network.run(scope, node)]);
    return { ...stacked, a, b };
  });

  const others = shared("another network with two containers on that node", async ({ scope, ...context }) => {
    const stacked = await createStacked(scope, context);
    const { network } = stacked;
    const node = nodeOf(context.cluster);
    const [a, b] = await Promise.all([network.run(scope, node), network.run(scope, node)]);
    return { ...stacked, a, b };
  });

  const internal = shared(
    "an internal network with two containers on that node, and one on another where networks span them",
    async ({ scope, ...context }) => {
      const stacked = await createStacked(scope, context, { internal: true });
      const { network } = stacked;
      const node = nodeOf(context.cluster);
      const publish = protocols.map((protocol) => ({ port, protocol, hostPort: internalPort }));
      const [a, b] = await Promise.all([network.run(scope, node, { publish }), network.run(scope, node)]);
      const [, second] = context.cluster.nodes;
      const spans = second !== undefined && context.declaration.capabilities.includes("multihost");
      return { ...stacked, a, b, far: spans ? [await network.run(scope, second)] : [] };
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
    "containers of two networks ask each other over TCP and UDP and by ping, also across nodes where networks span them",
    async ({ use, scope, cluster, declaration, fact }) => {
      const [one, other] = await Promise.all([use(neighbours), use(others)]);
      const node = hostPeer(scope, nodeOf(cluster));
      const [, second] = cluster.nodes;
      const spans = second !== undefined && declaration.capabilities.includes("multihost");
      const addresses = await Promise.all([addressesOf(one.a), addressesOf(other.a)]);
      fact("addresses of a container", addresses[1].length);
      fact("asked across nodes", spans);
      const here = (from: Workload, { a: target, b }: typeof one, addresses: readonly string[]): Apart => ({
        ...{ from, target, addresses },
        // Its address on the egress is asked by its node, which is there as well.
        control: (address) => (address === target.ip ? b : node),
      });
      const across = async (far: ClusterNode): Promise<Apart[]> => {
        // At once, an engine before 29.6 now and then waits 30 s while it joins the two networks, and refuses one (moby#47396).
        const its = await one.network.run(scope, far);
        const another = await other.network.run(scope, far);
        return [
          { from: one.a, target: another, control: () => other.a },
          { from: another, target: one.a, control: () => its },
        ];
      };
      await expectApart([
        here(one.a, other, addresses[1]),
        here(other.a, one, addresses[0]),
        ...(spans ? await across(second) : []),
      ]);
      if (!declaration.capabilities.includes("names")) return;
      const unnamed = (from: typeof one, to: typeof one) =>
        expectNoName(from.a, { name: to.a.name }, { control: { name: from.b.name, addresses: [from.b.ip] } });
      await Promise.all([unnamed(one, other), unnamed(other, one)]);
    },
    // An engine before 28.0 takes away, for a moment, what keeps its bridges apart, whenever it makes one: D3d asks for that.
    { alone: true },
  );

  requirement("B10", "containers of an internal network reach each other and nothing else", async (test) => {
    const { use, cluster, declaration, scope, fact } = test;
    const elsewhere = await use(neighbours);
    const everywhere = await use(hosts);
    const { versions, over, a, b, far } = await use(internal);
    const named = declaration.capabilities.includes("names");
    const servers = await Promise.all(protocols.map((protocol) => serve(a, { ports: [port], protocol })));
    const inside = async (version: IpVersion) => {
      const [own, ...others] = await Promise.all([a, b, ...far].map((one) => over(version, one)));
      if (!own) throw new TypeError("expected the one that serves");
      await Promise.all(
        others.flatMap((other) =>
          servers.map((server) => expectOpen(other, server.at(port, { address: own.ip }))),
        ),
      );
      if (named) await Promise.all(others.map((other) => expectPingByName(a, other)));
    };
    await Promise.all(versions.map(inside));

    const hostOf = ({ name }: Peer) => cluster.nodes.find((one) => one.name === name) ?? cluster.external;
    const isolated = async (version: IpVersion) => {
      const { external, nodes, node: here } = everywhere.over(version);
      const outside = [external, ...nodes.filter((one) => one !== here)];
      const [self, neighbour] = await Promise.all([over(version, a), over(version, b)]);
      const [stranger, another] = await Promise.all([
        elsewhere.over(version, elsewhere.a),
        elsewhere.over(version, elsewhere.b),
      ]);
      const behind = (await addressesBehindNode(a, version)).filter(({ ip }) => ip === self.ip);
      fact(`${nameOf(version)} addresses of an internal network behind the node`, behind.length);
      const ways = behind.flatMap(({ gateway }) => outside.map((host) => ({ host, gateway })));
      for (const { host, gateway } of ways) {
        for (const ip of [self.ip, gateway]) await routeThrough(scope, hostOf(host), ip, here.ip);
      }
      const apart = (from: Peer, target: Peer, by: Peer): Apart => ({
        from,
        target,
        control: () => by,
        mayLackRoute: true,
      });
      const remote = await Promise.all(far.map((one) => over(version, one)));
      const out = [
        ...[...outside, another].map((target) => apart(self, target, stranger)),
        ...remote.flatMap((one) => [external, another].map((target) => apart(one, target, stranger))),
      ];
      const into = [stranger, ...ways.map(({ host }) => host)].map((from) => apart(from, self, neighbour));
      await Promise.all([
        besideControl(
          // The node is on the way: only then does an answer that is missing say something.
          () =>
            Promise.all(ways.map(({ host, gateway }) => expectPing(host, { name: here.name, ip: gateway }))),
          () => expectApart([...out, ...into]),
        ),
        ...servers.flatMap((server) =>
          outside.map((host) =>
            expectRefused(host, server.at(port, { address: here.ip, port: internalPort })),
          ),
        ),
      ]);
    };
    await overEach(test, versions, isolated, { since: ipv6FilteredSince });
    if (named) {
      const control = { name: b.name, addresses: [b.ip] };
      await expectNoName(a, { name: cluster.external.hostName }, { control });
    }
    await Promise.all(versions.map(inside));
  });

  requirement("B10", "no default route leads out of an internal network", async (test) => {
    const { versions, a, far } = await test.use(internal);
    const hasNone = async (workload: Workload, version: IpVersion) => {
      const asked = ["ip", `-${version}`, "route", "show", "default"];
      const { code, stdout, stderr } = await workload.inNetns(asked);
      expectThat(code === 0 && stdout.trim() === "", {
        who: `${workload.name} of an internal network, ${nameOf(version)}`,
        expected: "no default route",
        got: (stdout + stderr).trim() || `exit ${code}`,
      });
    };
    const haveNone = async (version: IpVersion) => {
      await Promise.all([a, ...far].map((workload) => hasNone(workload, version)));
    };
    await judgeAsPromised(test, () => overEach(test, versions, haveNone, { since: ipv6FilteredSince }));
  });

  requirement(
    "B10",
    "nobody else is asked for a name where the node's resolver is on its loopback",
    async (test) => {
      const { cluster, declaration, driver, scope } = test;
      if (!declaration.capabilities.includes("names")) {
        throw new Unsupported(`${declaration.name} does not declare names`);
      }
      const node = nodeOf(cluster);
      const resolver = await resolveOnLoopback(scope, node);
      await expectTold(hostPeer(scope, node), resolver, { nameserver: resolver.address });
      const [open, internal] = await Promise.all([
        driver.createNetwork(scope),
        driver.createNetwork(scope, { internal: true }),
      ]);
      const [outside, a, b] = await Promise.all([
        open.run(scope, node),
        internal.run(scope, node),
        internal.run(scope, node),
      ]);
      if (!(await holds(() => expectTold(outside, resolver)))) {
        throw new Unsupported(`no container of ${declaration.name} asks a resolver on its node's loopback`);
      }
      const options = { control: { name: b.name, addresses: [b.ip] }, unasked: resolver };
      await judgeAsPromised(test, async () => {
        for (const type of recordTypes) {
          await besideControl(
            () => expectTold(outside, resolver, { type }),
            () => expectNoName(a, { name: resolver.newName(), type }, options),
          );
        }
      });
    },
    { alone: true },
  );

  requirement(
    "B11",
    "both networks and the outside are reached after a second one was joined, and after the first one was left",
    async (test) => {
      const { use, cluster, scope, declaration } = test;
      const [first, second, everywhere] = await Promise.all([use(neighbours), use(others), use(hosts)]);
      const reachesOutside = () =>
        overEach(test, first.versions, (version) => expectEgress(workload, everywhere.over(version)), {
          since: ipv6FilteredSince,
        });
      const reachesPeers = async (...networks: (typeof first)[]) => {
        await Promise.all(
          networks.flatMap(({ versions, over, a }) =>
            versions.map(async (version) => expectPing(workload, await over(version, a))),
          ),
        );
      };
      // Which of two attachments leads outside is left to the configuration in CNI.
      const throughCni = declaration.capabilities.includes("cni");
      const workload = await first.network.run(scope, nodeOf(cluster));
      await reachesOutside();
      await second.network.connect(scope, workload);
      await reachesPeers(first, second);
      if (!throughCni) await reachesOutside();
      await first.network.disconnect(workload);
      await reachesPeers(second);
      if (!throughCni) await reachesOutside();
    },
  );
});

/** Whether a check passes before its deadline. */
async function holds(check: () => Promise<void>): Promise<boolean> {
  return outOfView(check).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Nonconformance) return false;
      throw error;
    },
  );
}

const protocols = ["tcp", "udp"] as const;

/** Published by a container of the internal network alone. */
const internalPort = 9110;
