import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { expectOpen } from "#harness/observe/probe/reachability.ts";
import { type ProbeService, serve } from "#harness/observe/probe/service.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

const port = 8081;
/** Until what changed is right again everywhere. */
const soon = { deadlineMs: 5_000, timeoutMs: 500 } as const;
/** Addresses of the network that move, and the first of them. */
const lanes = 2;
const firstMoving = 40;

/** What is to move. */
export interface Moves {
  readonly network: Network;
  /** Nodes of the containers that take turns in having an address. */
  readonly places: readonly ClusterNode[];
  /** Who asks after each move; on the network from before. */
  readonly observers: readonly Workload[];
  /** Of both addresses together. */
  readonly moves: number;
}

/** A container that an address comes to and goes from. */
interface Mover {
  readonly workload: Workload;
  readonly server: ProbeService;
}

/**
 * Two addresses of a network go from container to container, each time with another MAC. All observers must be answered by the one that has
 * it within 5 s. How long the slowest took, and how many MACs there were, are facts of the report.
 */
export async function expectReachedWhereItMoved(
  { driver, scope, fact }: Pick<ChapterContext & TestTools, "driver" | "scope" | "fact">,
  { network, places, observers, moves }: Moves,
): Promise<void> {
  // Whose containers have their egress already when they join the other one.
  const home = await driver.createNetwork(scope);
  const macs = new Set<string>();
  let slowest = 0;

  const makeMover = async (place: ClusterNode): Promise<Mover> => {
    const workload = await home.run(scope, place);
    return { workload, server: await serve(workload, { ports: [port], protocol: "udp" }) };
  };
  const runLane = async (lane: number) => {
    const ip = nthAddress(network.subnet, firstMoving + lane);
    const movers = await Promise.all(places.map(makeMover));
    for (let move = 0; move < moves / lanes; move++) {
      const { workload, server } = movers[move % movers.length]!;
      const own = scope.child(`${workload.name} at ${ip}`);
      const moved = await network.connect(own, workload, { ip });
      macs.add(moved.mac);
      const start = performance.now();
      const target = server.at(port, { address: ip });
      await Promise.all(observers.map((from) => expectOpen(from, target, soon)));
      slowest = Math.max(slowest, performance.now() - start);
      await network.disconnect(moved);
      await own.close();
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
  fact("MACs of the addresses", macs.size);
  fact("ms until the slowest of them was reached", Math.round(slowest));
}
