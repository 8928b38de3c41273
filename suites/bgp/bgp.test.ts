import { isDeepStrictEqual } from "node:util";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectPresent, expectThat } from "#harness/conformance/expect.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { nthAddress, overlaps } from "#harness/core/ip.ts";
import { describeRoute } from "#harness/observe/bgp/routes.ts";
import { isSameSince } from "#harness/observe/bgp/sessions.ts";
import { takePlace } from "#harness/observe/bgp/substitute.ts";
import { untilSeen } from "#harness/observe/probe/expectation.ts";
import { expectNoPing, expectPing } from "#harness/observe/probe/path.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import { overIpv6 } from "#harness/workload/reach/over-ipv6.ts";
import { nodeOf } from "#suites/datapath/fixture.ts";
import {
  convergesMs,
  expectAnnounced,
  expectReached,
  expectSessions,
  expectWithdrawn,
  openBgp,
  opensMs,
} from "./fixture.ts";
import { expectMalformedWithdrawn } from "./malformed.ts";
import { expectBare, expectOwnAddresses, expectSpread } from "./traffic.ts";

/** Sessions that come up, and networks. */
const slow = { deadlineMs: 180_000 };
/** Nobody else is to need the routers. */
const alone = { ...slow, alone: true };

chapter("bgp", ({ requirement, shared }) => {
  const bgp = shared("two routers with sessions to every node", ({ scope, ...context }) =>
    openBgp(scope, context),
  );

  const subnet6 = freshSubnet6();
  const pair = shared("an announced network with a container on each node", ({ scope, ...context }) =>
    runPair(scope, context, { announced: true, subnet: freshSubnet() }),
  );

  requirement(
    "G1",
    "as the routers see them and as the plugin lists them",
    async ({ cluster, driver, use }) => {
      const { routers, neighborOf } = await use(bgp);
      for (const router of routers) {
        for (const node of cluster.nodes) await expectSessions(router, neighborOf(node), opensMs);
      }
      const list = async () =>
        expectPresent(await driver.listBgpSessions?.(), {
          who: "the driver",
          expected: "a listing of BGP sessions, since it declares bgp",
          got: "none",
        });
      const wanted = routers.flatMap(({ addresses, as }) => addresses.map((one) => `${one} AS ${as}`));
      for (const { name } of cluster.nodes) {
        // A router takes a session for established a moment before its neighbour does.
        await untilSeen({
          who: `the plugin's listing of the sessions of ${name}`,
          expected: `what is established to be ${wanted.toSorted().join(", ")}`,
          deadlineMs: opensMs,
          look: async () =>
            (await list())
              .filter(({ node, established }) => node === name && established)
              .map(({ neighbor, as }) => `${neighbor} AS ${as}`)
              .toSorted(),
          accept: (seen): seen is string[] => isDeepStrictEqual(seen, wanted.toSorted()),
          describe: (seen) => seen.join(", ") || "none",
        });
      }
    },
    slow,
  );

  requirement(
    "G2",
    "on both routers, from both nodes",
    async ({ use }) => {
      const [outside, { a, b }] = await Promise.all([use(bgp), use(pair)]);
      await expectReached(outside, [a, b]);
      for (const router of outside.routers) {
        for (const one of [a, b])
          await expectAnnounced(router, one, outside.neighborOf(one.node), convergesMs);
      }
    },
    slow,
  );

  requirement(
    "G3",
    "seen on the node's interfaces and by the servers at both ends",
    async ({ use, keep }) => {
      const [outside, { a, b }] = await Promise.all([use(bgp), use(pair)]);
      const { host } = outside;
      await expectReached(outside, [a, b]);
      await Promise.all([expectPing(a, host), expectPing(b, host)]);
      await Promise.all([expectPing(a, b), expectPing(b, a)]);
      await expectOwnAddresses(host, b);
      await expectBare({ host, container: b, node: b.node, keep });
    },
    slow,
  );

  requirement(
    "G4",
    "between two sights of a container that stays",
    async ({ use, scope, fact }) => {
      const [outside, { network, a, b }] = await Promise.all([use(bgp), use(pair)]);
      const own = scope.child("a container that goes");
      const gone = await network.run(own, b.node);
      await expectReached(outside, [a, gone]);
      await own.close();
      const since = performance.now();
      await Promise.all(outside.routers.map((router) => expectWithdrawn(router, gone.ip, convergesMs)));
      fact("milliseconds until the route was withdrawn", Math.round(performance.now() - since));
      const address = { name: `the address of ${gone.name}, which went`, ip: gone.ip };
      await expectNoPing(outside.host, address, { control: { to: a } });
    },
    slow,
  );

  requirement(
    "G5",
    "from the second node to the first",
    async ({ use, cluster, scope, fact }) => {
      const [outside, { network, b }] = await Promise.all([use(bgp), use(pair)]);
      const ip = nthAddress(network.subnet, 200);
      const own = scope.child("a container that goes");
      await expectReached(outside, [await network.run(own, b.node, { ip })]);
      await own.close();
      const node = nodeOf(cluster);
      const moved = await network.run(scope, node, { ip });
      const since = performance.now();
      await Promise.all([
        ...outside.routers.map((router) =>
          expectAnnounced(router, moved, outside.neighborOf(node), convergesMs),
        ),
        expectPing(outside.host, moved, { deadlineMs: convergesMs }),
      ]);
      fact(
        "milliseconds until the address was reached on the other node",
        Math.round(performance.now() - since),
      );
    },
    slow,
  );

  requirement(
    "G9",
    "an overlay beside an announced network, between two sights of that",
    async ({ use, cluster, driver, scope }) => {
      const [outside, { a }] = await Promise.all([use(bgp), use(pair)]);
      const silent = await runPair(scope, { cluster, driver });
      await expectReached(outside, [a]);
      await expectPing(silent.b, silent.a);
      const expectUnknown = async () => {
        for (const router of outside.routers) {
          const known = (await router.routes(4)).filter(({ prefix }) =>
            overlaps(prefix, silent.network.subnet),
          );
          expectThat(known.length === 0, {
            who: `${router.name}, to ${silent.network.name} (${silent.network.subnet}), which is not announced`,
            expected: "no route",
            got: known.map(describeRoute).join("; "),
          });
        }
      };
      await expectUnknown();
      await expectNoPing(outside.host, silent.a, { control: { to: a } });
      await expectUnknown();
    },
    slow,
  );

  requirement(
    "G10",
    "a dual-stack network with a container on each node",
    async ({ use, cluster, driver, scope, keep }) => {
      const outside = await use(bgp);
      const spec = { announced: true, subnet: freshSubnet(), subnet6 };
      const { a, b } = await runPair(scope, { cluster, driver }, spec);
      const [a6, b6] = await Promise.all([overIpv6(a, subnet6), overIpv6(b, subnet6)]);
      const host6 = outside.host.overIpv6();
      for (const router of outside.routers) {
        const [ofA, ofB] = [outside.neighborOf(a.node), outside.neighborOf(b.node)];
        await Promise.all([expectSessions(router, ofA, opensMs), expectSessions(router, ofB, opensMs)]);
        await expectAnnounced(router, a6, ofA, convergesMs);
        await expectAnnounced(router, b6, ofB, convergesMs);
      }
      await Promise.all([a6, b6].flatMap((one) => [expectPing(host6, one), expectPing(one, host6)]));
      await Promise.all([expectPing(a6, b6), expectPing(b6, a6)]);
      await expectOwnAddresses(host6, b6);
      await expectBare({ host: host6, container: b6, node: b.node, keep });
    },
    slow,
  );

  requirement(
    "G6",
    "both routers close their sessions with one node, and take them up again, while those of the other stay",
    async ({ use, fact }) => {
      const [outside, { a, b }] = await Promise.all([use(bgp), use(pair)]);
      const { host, routers } = outside;
      const cut = outside.neighborOf(b.node);
      const stays = outside.neighborOf(a.node);
      await expectReached(outside, [a, b]);
      for (const router of routers) await expectSessions(router, stays, opensMs);
      const before = await Promise.all(routers.map((router) => router.upSince(stays)));
      try {
        for (const router of routers) await router.cut(cut);
        await Promise.all(routers.map((router) => expectWithdrawn(router, b.ip, convergesMs)));
        await expectNoPing(host, b, { control: { to: a } });
        for (const [index, router] of routers.entries()) {
          const who = `${router.name}, whose sessions with ${b.node.name} alone were closed`;
          const since = await router.upSince(stays);
          const was = before[index] ?? [];
          expectThat(
            since.length === was.length && since.every((one, at) => isSameSince(one, was[at] ?? "")),
            {
              who,
              expected: `its sessions with ${a.node.name} to be up since ${was.join(", ")}`,
              got: since.join(", "),
            },
          );
        }
      } finally {
        for (const router of routers) await router.restore(cut);
      }
      const since = performance.now();
      await Promise.all(routers.map((router) => expectSessions(router, cut, opensMs)));
      await expectReached(outside, [a, b]);
      fact("milliseconds until a node that was cut off was reached", Math.round(performance.now() - since));
      await expectPing(b, host);
    },
    alone,
  );

  requirement(
    "G7",
    "the first router ends, and is started again",
    async ({ use, cluster }) => {
      const [outside, { a, b }] = await Promise.all([use(bgp), use(pair)]);
      const { host, routers, neighborOf } = outside;
      const [first, second] = routers;
      await expectReached(outside, [a, b]);
      try {
        await first.stop();
        await host.through([second]);
        await Promise.all(
          [a, b].flatMap((one) => [
            expectPing(one, host, { deadlineMs: convergesMs }),
            expectPing(host, one, { deadlineMs: convergesMs }),
          ]),
        );
      } finally {
        await first.start();
        await host.through(routers);
      }
      for (const node of cluster.nodes) await expectSessions(first, neighborOf(node), opensMs);
      await expectReached(outside, [a, b]);
      await Promise.all([expectPing(a, host), expectPing(b, host)]);
    },
    alone,
  );

  requirement(
    "G8",
    "pings to many addresses behind them, seen where they arrive",
    async ({ use, keep }) => {
      const [outside, { a }] = await Promise.all([use(bgp), use(pair)]);
      await expectReached(outside, [a]);
      await expectSpread({ ...outside, from: a, keep });
    },
    alone,
  );

  requirement(
    "G11",
    "told by a speaker in the place of the first router: an ORIGIN of two octets, a MULTI_EXIT_DISC of three",
    async ({ use, cluster, scope, fact }) => {
      const [outside, { a }] = await Promise.all([use(bgp), use(pair)]);
      const { host, routers, neighborOf } = outside;
      const [first] = routers;
      await expectReached(outside, [a]);
      const own = scope.child("a speaker in the place of the first router");
      const session = await takePlace(own, {
        ...{ uplink: outside, router: first, neighbor: neighborOf(a.node), container: a },
        ...{ prefix: freshSubnet(), deadlineMs: opensMs },
      });
      const messages = await expectMalformedWithdrawn(session, { host, from: a });
      fact("what the node sent to the speaker", messages.join(", ") || "nothing");
      await own.close();
      for (const node of cluster.nodes) await expectSessions(first, neighborOf(node), opensMs);
      await expectReached(outside, [a]);
    },
    alone,
  );
});
