import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { compareSnapshots, readClusterSnapshot, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { Mark, ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import { within } from "#harness/core/async/poll.ts";
import { readClock } from "#harness/host/clock.ts";
import type { Host } from "#harness/host/host.ts";
import { collectEvidence } from "#harness/observe/evidence.ts";
import type { LogSizes } from "#harness/observe/logs.ts";
import type { Collected } from "./collected.ts";

/** What a failure on a cluster is compared with, and who has recorded it. */
export interface Before {
  /** The nodes when the chapter began. */
  readonly snapshot: Snapshot;
  readonly logs: LogSizes | undefined;
  readonly protocol: ProtocolRecorder | undefined;
  /** Where the exchanges of the chapter begin. */
  readonly mark: Mark | undefined;
}

const snapshotMs = 8_000;

/**
 * Takes everything that there is to see of a failure on these hosts, in a test that began at `since` (epoch ms). What cannot be taken is absent:
 * nothing here throws.
 */
export async function collectFromCluster(
  nodes: readonly ClusterNode[],
  hosts: readonly Host[],
  before: Before,
  since: number,
): Promise<Collected> {
  // First, since the time that a look takes is what it may be wrong by.
  const clocks = await Promise.all(hosts.map(readClock));
  const [evidence, changes, exchanges] = await Promise.all([
    collectEvidence({ nodes }, before.logs),
    changesSince(before.snapshot, nodes),
    exchangesSince(before, since),
  ]);
  return {
    files: [],
    nodes: evidence,
    hosts: hosts.map((host, index) => ({
      name: host.name,
      isExternal: !nodes.some(({ name }) => name === host.name),
      clock: clocks[index],
    })),
    ...(changes ? { changes } : {}),
    ...(exchanges ? { exchanges } : {}),
  };
}

async function changesSince(
  before: Snapshot,
  nodes: readonly ClusterNode[],
): Promise<Collected["changes"] | undefined> {
  const deadline = { what: "what is on the nodes", deadlineMs: snapshotMs };
  const now = await within(deadline, readTogether(nodes)).catch(() => undefined);
  return now && compareSnapshots(before, now);
}

/** Readings that are under way, by the first of their nodes. */
const underWay = new WeakMap<ClusterNode, Promise<Snapshot>>();

/** Tests that fail at the same time share a reading: where one thing is broken, many do. */
function readTogether(nodes: readonly ClusterNode[]): Promise<Snapshot> {
  const [first] = nodes;
  if (!first) return Promise.resolve({});
  const reading =
    underWay.get(first) ??
    readClusterSnapshot({ nodes: [...nodes] }).finally(() => void underWay.delete(first));
  underWay.set(first, reading);
  return reading;
}

async function exchangesSince({ protocol, mark }: Before, since: number): Promise<Exchange[] | undefined> {
  const recording = await protocol?.since(mark ?? []).catch(() => undefined);
  return recording?.exchanges.filter(({ endedAt }) => endedAt >= since);
}
