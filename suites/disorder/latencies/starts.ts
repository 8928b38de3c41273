import type { Driver, InstalledDriver } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { Tally } from "#harness/observe/capture/tally.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { startContainer, startInNamespace } from "#suites/disorder/leaks/first-process.ts";
import { headerBytes } from "#suites/disorder/leaks/sender.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";

/** Where containers start, and whom they ask, on the other node. */
export interface Place {
  readonly network: Network;
  readonly near: ClusterNode;
  readonly peer: Workload;
  readonly tally: Tally;
  readonly throughCni: boolean;
  readonly names: boolean;
}

/** What was seen of one start, in milliseconds after the order. */
export interface Started {
  /** An echo request has been answered. */
  readonly packetMs: number;
  /** The name of the peer has led to its address; absent where there are no names. */
  readonly nameMs?: number;
}

const firstMs = 30_000;
/** Lengths of packets by which starts, and what each of them tells, are told apart. */
const lengths = { from: 100, different: 300 } as const;

/**
 * Sends an echo request every millisecond until one is answered, and asks for a name every ten until that leads to the address. What has come
 * about it tells by an echo request of a length of its own.
 */
const ask = `
size=$1 answered=$2 named=$3 peer=$4 name=$5
tell() { ping -q -c 3 -i 0.01 -s "$1" "$peer" >/dev/null 2>&1; }
first() { while read -r line; do case "$line" in *"bytes from"*) tell "$answered"; return;; esac; done; }
( ping -w 60 -i 0.001 -s "$size" "$peer" 2>/dev/null | first ) & started=$!
resolve() { case "$(nslookup -type=a "$name" 2>/dev/null)" in *"$peer"*) : >/named; tell "$named";; esac; }
names() {
  asked=0
  while [ ! -e /named ] && [ "$asked" -lt 1000 ]; do asked=$((asked + 1)); resolve & sleep 0.01; done
}
if [ -n "$name" ]; then names & started="$started $!"; fi
# What ends at once is known to nobody.
sleep 600 & started="$started $!"
`;

/** Makes it. Throws `Blocked` where there is one node alone. */
export async function makePlace({
  cluster,
  driver,
  declaration,
  scope,
}: {
  readonly cluster: Cluster;
  readonly driver: InstalledDriver;
  readonly declaration: Driver;
  readonly scope: Scope;
}): Promise<Place> {
  const [near, far] = twoNodes(cluster.nodes);
  const throughCni = declaration.capabilities.includes("cni");
  const network = await driver.createNetwork(scope);
  const peer = await network.run(scope, far, {
    ...{ name: uniqueName("peer") },
    ...(throughCni ? { bare: true } : {}),
  });
  const tally = await Tally.start(scope, peer.node, peer.netns);
  const names = !throughCni && declaration.capabilities.includes("names");
  return { network, near, peer, tally, throughCni, names };
}

/** Starts a container and removes it. Throws `Nonconformance` where nothing is answered, or no name resolved, within 30 s. */
export async function startsIn(place: Place, scope: Scope, number: number): Promise<Started> {
  const { network, near, peer, throughCni, names } = place;
  const length = lengths.from + 3 * (number % lengths.different);
  const bytes = { request: length, answered: length + 1, named: length + 2 };
  const name = uniqueName("starter");
  const own = scope.child(name);
  // What an earlier one of that length told late is not this one's.
  await Promise.all(Object.values(bytes).map((one) => place.tally.take(one)));
  try {
    const ordered = performance.now();
    const args = [bytes.request, bytes.answered, bytes.named].map((one) => String(one - headerBytes));
    const begin = throughCni ? startInNamespace : startContainer;
    const running = begin(own, network, near, {
      ...{ name, script: ask, args: [...args, peer.ip, names ? peer.name : ""] },
    });
    const [, packetMs, nameMs] = await Promise.all([
      running,
      told(place, bytes.answered, ordered, `an echo request of ${name} to ${peer.name} to be answered`),
      names ? told(place, bytes.named, ordered, `${peer.name} to be resolved in ${name}`) : undefined,
    ]);
    return { packetMs, ...(nameMs === undefined ? {} : { nameMs }) };
  } finally {
    await own.close();
  }
}

/** When a packet of that length came to the peer, after the order. */
async function told(
  { tally, peer }: Place,
  bytes: number,
  ordered: number,
  expected: string,
): Promise<number> {
  const [seen] = await tally.first(bytes, scaled(firstMs));
  if (seen) return performance.now() - ordered - seen.firstAgoMs;
  throw new Nonconformance({
    who: `a container that was just started on another node than ${peer.name}`,
    expected: `${expected}, within ${scaled(firstMs)} ms`,
    got: "no sign of that",
  });
}
