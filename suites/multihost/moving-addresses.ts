import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { heldOver, nameOf } from "#harness/conformance/ip-versions/each.ts";
import { createStacked, type IpVersion, type Stacked } from "#harness/conformance/ip-versions/stacked.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { type ProbeService, serve } from "#harness/observe/probe/service.ts";
import type { ConnectSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

const port = 8081;
/** Until what changed is right again everywhere. */
const soon = { deadlineMs: 5_000, timeoutMs: 500 } as const;
/** Addresses of the network that move, of each IP version, and the first of them. */
const lanes = 2;
const firstMoving = 40;
/** The first of the addresses that come along with an address of the other IP version that moves; a node's part of a network may be small. */
const firstCompanion = firstMoving + lanes;

/** What is to move. */
export interface Moves {
  readonly stacked: Pick<Stacked, "network" | "subnet6" | "versions">;
  /** Nodes of the containers that take turns in having an address. */
  readonly places: readonly ClusterNode[];
  /** Who asks after each move; on the network from before. */
  readonly observers: readonly Workload[];
  /** Of both addresses of an IP version together. */
  readonly moves: number;
}

/** A container that an address comes to and goes from. */
interface Mover {
  readonly workload: Workload;
  readonly server: ProbeService;
}

/** An address that moves. */
interface Lane {
  readonly version: IpVersion;
  readonly number: number;
}

/**
 * Two addresses of each IP version of a network go from container to container. All observers must be answered by the one that has it within 5 s.
 * An IPv6 address comes with another IPv4 address each time, of which many plugins make the MAC: neighbours that have it in their
 * cache must learn its new MAC (RFC 4861, section 7.2.6). How long the slowest took, and how many MACs there were, are facts of the report.
 */
export async function expectReachedWhereItMoved(
  test: Pick<ChapterContext & TestTools, "cluster" | "declaration" | "driver" | "scope" | "fact">,
  { stacked: { network, subnet6 = "", versions }, places, observers, moves }: Moves,
): Promise<void> {
  const { scope, fact } = test;
  // Whose containers have their egress already when they join the other one.
  const { network: home } = await createStacked(scope, test);
  const addressOf = ({ version, number }: Lane) =>
    nthAddress(version === 4 ? network.subnet : subnet6, firstMoving + number);
  const specOf = (lane: Lane, move: number): ConnectSpec => {
    const companion = (subnet: string) => nthAddress(subnet, firstCompanion + lane.number * moves + move);
    if (lane.version === 6) return { ip: companion(network.subnet), ip6: addressOf(lane) };
    // An IPv6 address that a plugin picks may be the next that moves.
    return { ip: addressOf(lane), ...(subnet6 ? { ip6: companion(subnet6) } : {}) };
  };
  const makeMover = async (place: ClusterNode): Promise<Mover> => {
    const workload = await home.run(scope, place);
    return { workload, server: await serve(workload, { ports: [port], protocol: "udp" }) };
  };

  const moveOver = async (version: IpVersion) => {
    const macs = new Set<string>();
    let slowest = 0;
    const runLane = async (lane: Lane) => {
      const address = addressOf(lane);
      const movers = await Promise.all(places.map(makeMover));
      for (let move = 0; move < moves / lanes; move++) {
        const { workload, server } = movers[move % movers.length]!;
        const own = scope.child(`${workload.name} at ${address}`);
        const moved = await network.connect(own, workload, specOf(lane, move));
        macs.add(moved.mac);
        const start = performance.now();
        const target = server.at(port, { address });
        await Promise.all(observers.map((from) => expectOpen(from, target, soon)));
        slowest = Math.max(slowest, performance.now() - start);
        await network.disconnect(moved);
        await own.close();
      }
    };
    await Promise.all(Array.from({ length: lanes }, (_, number) => runLane({ version, number })));
    fact(`MACs of the ${nameOf(version)} addresses`, macs.size);
    fact(`ms until the slowest of them was reached over ${nameOf(version)}`, Math.round(slowest));
  };
  await Promise.all(heldOver(test, versions).map(moveOver));
}
