import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { alongside, type Lane } from "#harness/core/async/alongside.ts";
import { sayHowFar } from "#harness/core/async/how-far.ts";
import { HarnessError, Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { Tally } from "#harness/observe/capture/tally.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { hostPeer } from "#harness/observe/probe/peers.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { addressesOf } from "#suites/datapath/fixture.ts";
import { type FieldContext, sees } from "./field.ts";

/** Containers of two networks of one node, and how what is sent from one gets to the other. */
export interface Strangers {
  readonly node: ClusterNode;
  readonly from: Workload;
  readonly target: Workload;
  /** Of the target, on every interface; who reaches it there, since it may; the length of what is sent to it, in bytes. */
  readonly ways: readonly { readonly address: string; readonly control: Peer; readonly bytes: number }[];
  /** What comes in at the target. */
  readonly tally: Tally;
}

/** Packets that got from one network to another. */
export interface Breach {
  /** From 1. */
  readonly round: number;
  readonly address: string;
  readonly source: string;
  readonly packets: number;
}

/** What came of all rounds. */
export interface Apartness {
  readonly rounds: number;
  /** Packets that were sent meanwhile. */
  readonly attempts: number;
  readonly breaches: readonly Breach[];
}

/** Of packets to the first of the target's addresses; each further one has a length of its own. */
const shortestBytes = 100;
/** A new identifier after so many: none is let through because one before it was. */
const alike = 50;
const apartMs = 1;
const shownBreaches = 20;

/** Makes two networks, with a container in one of them, and in the other the target and its neighbour. */
export async function makeStrangers(context: FieldContext): Promise<Strangers> {
  const { cluster, driver, declaration, scope } = context;
  const [node] = cluster.nodes;
  if (!node) throw new HarnessError("a cluster has at least one node");
  const bare = declaration.capabilities.includes("cni") ? { bare: true } : {};
  const [here, there] = [await driver.createNetwork(scope), await driver.createNetwork(scope)];
  const from = await here.run(scope, node, { name: uniqueName("stranger"), ...bare });
  const target = await there.run(scope, node, { name: uniqueName("target"), ...bare });
  const neighbour = await there.run(scope, node, { name: uniqueName("neighbour"), ...bare });
  const tally = await Tally.start(scope, node, target.netns);
  const ways = (await addressesOf(target)).map((address, index) => ({
    address,
    // Its address on the egress is asked by its node, which is there as well.
    control: address === target.ip ? neighbour : hostPeer(scope, node),
    bytes: shortestBytes + index,
  }));
  return { node, from, target, ways, tally };
}

/**
 * Makes a network so many times, starts a container in it and removes both, while echo requests go from one of the two networks to the
 * other, up to one a millisecond to each address. Counts those that came in, between two sights of what the target is reached by. Throws
 * `ProbeFailed` where that is not seen, or nothing was sent.
 */
export async function amongOtherNetworks(
  context: FieldContext,
  strangers: Strangers,
  rounds: number,
): Promise<Apartness> {
  const { target, ways, tally } = strangers;
  const seen = await besideControl(
    async () => {
      for (const { address, control } of ways) {
        await sees(control, { name: target.name, ip: address }, tally);
      }
    },
    () => playRounds(context, strangers, rounds),
  );
  // What was still under way when the last round ended.
  return { ...seen, breaches: [...seen.breaches, ...(await breachesOf(strangers, rounds))] };
}

/** What came in since it was asked for last. */
async function breachesOf({ ways, tally }: Strangers, round: number): Promise<Breach[]> {
  const breaches: Breach[] = [];
  for (const { address, bytes } of ways) {
    for (const { source, count: packets } of await tally.take(bytes)) {
      breaches.push({ round, address, source, packets });
    }
  }
  return breaches;
}

async function playRounds(
  { driver, declaration, scope }: FieldContext,
  strangers: Strangers,
  rounds: number,
): Promise<Apartness> {
  const { node } = strangers;
  const bare = declaration.capabilities.includes("cni") ? { bare: true } : {};
  const breaches: Breach[] = [];
  let played = 0;
  const attempts = await alongside(
    strangers.ways.map((way) => flood(strangers.from, way)),
    async (goesOn) => {
      while (played < rounds && goesOn()) {
        sayHowFar(played, rounds, "networks");
        played += 1;
        const own = scope.child(`networks of round ${played}`);
        try {
          const network = await driver.createNetwork(own);
          await network.run(own, node, bare);
        } finally {
          await own.close();
        }
        breaches.push(...(await breachesOf(strangers, played)));
      }
    },
  );
  if (attempts === 0) throw new ProbeFailed(`${strangers.from.name} sent nothing while networks were made`);
  return { rounds: played, attempts, breaches };
}

/** Echo requests from one network to the other. */
function flood(from: Workload, { address, bytes }: Strangers["ways"][number]): Lane {
  return async (goesOn) => {
    const agent = await from.agent();
    let sent = 0;
    while (goesOn()) {
      const shape = { packetBytes: bytes, count: alike, intervalMs: apartMs, timeoutMs: apartMs };
      sent += (await agent.ping({ address, ...shape })).sent;
    }
    return sent;
  };
}

/** How many packets got from one network to the other. */
export function packetsThrough({ breaches }: Apartness): number {
  return breaches.reduce((all, { packets }) => all + packets, 0);
}

/** Throws `Nonconformance` that tells in which rounds packets got from one network to the other. */
export function expectNoneThrough({ from, target }: Strangers, seen: Apartness): void {
  const { rounds, attempts, breaches } = seen;
  if (breaches.length === 0) return;
  const open = new Set(breaches.map(({ round }) => round)).size;
  const told = breaches
    .slice(0, shownBreaches)
    .map(
      ({ round, packets, address, source }) => `  round ${round}: ${packets} to ${address}, from ${source}`,
    );
  throw new Nonconformance({
    who: `${from.name} to ${target.name}, which is in another network, while ${rounds} more were made and removed`,
    expected: "no packet to come in",
    got: `${packetsThrough(seen)} of ${attempts} packets, in ${open} of ${rounds} rounds\n${told.join("\n")}`,
  });
}
