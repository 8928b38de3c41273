import type { Driver, InstalledDriver } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { familyOf, nthAddress, prefixOf } from "#harness/core/ip.ts";
import type { Router } from "#harness/observe/bgp/router.ts";
import type { Neighbor } from "#harness/observe/bgp/router-config.ts";
import { describeRoute, type Route } from "#harness/observe/bgp/routes.ts";
import { openUplink, type Uplink } from "#harness/observe/bgp/uplink.ts";
import { untilSeen } from "#harness/observe/probe/expectation.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";

/** AS numbers for private use (RFC 6996): of the routers, and before those of the nodes. */
const routersAs = 64_600;

/** Milliseconds until a change of what is attached has reached the routers: what the requirements grant. */
export const convergesMs = 3_000;
/** Milliseconds until sessions are there, from nothing or after they were cut: a speaker waits before it connects again. */
export const opensMs = 60_000;

/** Routers that speak to all nodes, and a host behind them. */
export interface Bgp extends Uplink {
  /** As the routers know a node. */
  neighborOf(node: Pick<ClusterNode, "name">): Neighbor;
}

/** Opens routers beside the cluster and has the plugin of every node speak to both. With IPv6 where `ipv6` is declared and nodes have it. */
export async function openBgp(
  scope: Scope,
  { cluster, driver, declaration }: { cluster: Cluster; driver: InstalledDriver; declaration: Driver },
): Promise<Bgp> {
  if (cluster.nodes.length < 2) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
  const dual = declaration.capabilities.includes("ipv6") && (await cluster.offers("ipv6")).offered;
  const subnets = {
    wire: [freshSubnet(), ...(dual ? [freshSubnet6()] : [])],
    behind: [freshSubnet(), ...(dual ? [freshSubnet6()] : [])],
  };
  const neighbors = cluster.nodes.map(
    ({ name }, index): Neighbor => ({
      ...{ name, as: routersAs + 1 + index },
      addresses: subnets.wire.map((wire) => nthAddress(wire, 1 + index)),
    }),
  );
  const uplink = await openUplink(scope, cluster.external, { subnets, as: routersAs, neighbors });
  await Promise.all(
    cluster.nodes.map((node, index) =>
      driver.speakBgp?.(scope, {
        ...{ node, as: neighbors[index]!.as },
        addresses: subnets.wire.map((wire) => `${nthAddress(wire, 1 + index)}/${prefixOf(wire)}`),
        neighbors: uplink.routers.flatMap(({ addresses, as }) =>
          addresses.map((address) => ({ address, as })),
        ),
      }),
    ),
  );
  return {
    ...uplink,
    neighborOf: ({ name }) => {
      const found = neighbors.find((one) => one.name === name);
      if (!found) throw new HarnessError(`the routers know no node ${name}`);
      return found;
    },
  };
}

/** Passes once the router forwards to the peer by a route whose one next hop is the node. Throws `Nonconformance` otherwise. */
export async function expectAnnounced(
  router: Router,
  { name, ip }: Pick<Peer, "name" | "ip">,
  { addresses }: Neighbor,
  deadlineMs: number,
): Promise<void> {
  const hop = addresses.find((address) => familyOf(address) === familyOf(ip)) ?? "";
  await untilSeen({
    who: `${router.name}, to ${name} (${ip})`,
    expected: `a route with the node's ${hop} as the next hop`,
    deadlineMs,
    look: () => router.routeTo(ip),
    accept: (route): route is Route => route?.via.join() === hop,
    describe: describeRoute,
  });
}

/** Passes once the router has a route to the address, whatever the next hop. Throws `Nonconformance` otherwise. */
export async function expectRoute(router: Router, ip: string, deadlineMs: number): Promise<void> {
  await untilSeen({
    who: `${router.name}, to ${ip}`,
    expected: "a route",
    deadlineMs,
    look: () => router.routeTo(ip),
    accept: (route): route is Route => route !== undefined,
    describe: describeRoute,
  });
}

/** Passes once the host behind the routers and both of them reach what is attached; sessions may still be coming up. */
export async function expectReached(
  { host, routers }: Pick<Bgp, "host" | "routers">,
  peers: readonly Peer[],
): Promise<void> {
  await Promise.all(
    peers.flatMap((peer) => [
      ...routers.map((router) => expectRoute(router, peer.ip, opensMs)),
      expectPing(familyOf(peer.ip) === 6 ? host.overIpv6() : host, peer, { deadlineMs: opensMs }),
    ]),
  );
}

/** Passes once the router has no route to this very address; one to a prefix of the node's may stay. */
export async function expectWithdrawn(router: Router, ip: string, deadlineMs: number): Promise<void> {
  const own = `${ip}/${familyOf(ip) === 6 ? 128 : 32}`;
  await untilSeen({
    who: `${router.name}, to ${ip}, whose container went`,
    expected: "no route to that address",
    deadlineMs,
    look: () => router.routeTo(ip),
    accept: (route): route is Route | undefined => route?.prefix !== own,
    describe: describeRoute,
  });
}

/** Passes once the sessions of a router with a node are all in that state, e.g. `Established`. */
export async function expectSessions(router: Router, neighbor: Neighbor, deadlineMs: number): Promise<void> {
  await untilSeen({
    who: `${router.name}, its sessions with ${neighbor.name} (${neighbor.addresses.join(", ")})`,
    expected: "Established",
    deadlineMs,
    look: () => router.sessionsWith(neighbor),
    accept: (states): states is string[] => states.every((state) => state === "Established"),
    describe: (states) => states.join(", "),
  });
}
