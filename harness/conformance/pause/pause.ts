import { inject } from "vitest";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { on } from "#harness/core/async/events.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { callSocket } from "#harness/core/rpc/socket.ts";
import { typed } from "#harness/core/typed.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** A test that has failed and waits with everything that it has made. */
export interface PausedTest {
  /** The test and its target, for people. */
  readonly test: string;
  readonly reason: string;
  /** Command lines by which a person gets to where it failed, each with what it leads to. */
  readonly ways: readonly { readonly to: string; readonly line: string }[];
}

/** What the process that was started does for the workers of vitest. */
export interface PauseMethods {
  /** Resolves when the person says that the run is to go on. */
  paused(test: PausedTest): Promise<null>;
}

let listening = false;

/**
 * The first test that fails in this process asks at `socket` whether it may go on, after its evidence was taken and before
 * anything is removed. Asked again, it does nothing.
 */
export function pauseAtFirstFailure(socket: string): void {
  if (listening) return;
  listening = true;
  let cluster: Cluster | undefined;
  let paused = false;
  const workloads = new Map<Workload, () => boolean>();
  on("cluster connected", async (moment) => {
    cluster = moment.cluster;
  });
  on("workload started", async ({ workload, scope }) => {
    let there = true;
    scope.defer(`what is known of ${workload.name}`, () => {
      there = false;
    });
    workloads.set(workload, () => there);
  });
  on("requirement failed", async ({ requirement, reason }) => {
    if (paused) return;
    paused = true;
    const { driver, engine } = inject("target");
    const present = [...workloads].flatMap(([workload, isThere]) => (isThere() ? [workload] : []));
    const ways = cluster ? waysInto(cluster, present) : [];
    await callSocket<PauseMethods, "paused">(
      socket,
      "paused",
      { test: `${requirement} on ${driver}@${engine}`, reason, ways },
      { lost: (why, cause) => new HarnessError(`the run cannot be paused: ${why}`, { cause }) },
    );
  });
}

/** Lines that lead to the hosts of a cluster, and into workloads on them. */
export function waysInto(
  { id, nodes }: Pick<Cluster, "id" | "nodes">,
  workloads: readonly Pick<Workload, "name" | "id" | "netns" | "node">[],
): PausedTest["ways"] {
  const at = (node: string, tty = "") => typed(`cluster ssh ${tty}${id}/${node}`);
  return [
    ...nodes.map(({ name }) => ({ to: name, line: at(name) })),
    ...workloads.flatMap(({ name, netns, node }) => {
      const on = at(node.name, "-t ");
      // Only a container has a process whose namespace that is.
      const container = netns.startsWith("/proc/");
      return [
        ...(container ? [{ to: name, line: `${on} docker exec -it ${name} sh` }] : []),
        { to: `${name}'s network`, line: `${on} nsenter --net=${netns} sh` },
      ];
    }),
  ];
}
