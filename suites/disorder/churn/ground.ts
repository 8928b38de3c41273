import type { Driver, InstalledDriver } from "#drivers/driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** What cycles are made on. */
export interface GroundContext {
  readonly cluster: Cluster;
  readonly driver: InstalledDriver;
  readonly declaration: Driver;
  readonly scope: Scope;
}

/** Something that is attached now. */
export interface Attached {
  detach(): Promise<void>;
  /** Throws `Nonconformance` where its neighbour in the network does not answer. */
  reach(): Promise<void>;
}

/** Where attachments come and go, all on one node, and how one does. */
export interface Ground {
  readonly node: Cluster["nodes"][number];
  /** What a cycle is, e.g. `ADD and DEL`. */
  readonly cycle: string;
  readonly atATime: number;
  /** `lane`: which of those that are made at a time, from 0. Throws `Nonconformance` where the plugin, or the engine for it, refuses. */
  attach(own: Scope, lane: number): Promise<Attached>;
}

/** Calls of the project's own runtime, each with a namespace of its own. */
const addsAtATime = 4;
/** Containers that join and leave; an engine makes one of their changes after the other. */
const joinersAtATime = 2;

/** Network namespaces that plugins attach through CNI, or running containers that engines let join a second network. */
export async function groundOf(context: GroundContext): Promise<Ground> {
  const { cluster, driver, declaration, scope } = context;
  const [node] = cluster.nodes;
  if (!node) throw new HarnessError("a cluster has at least one node");
  const network = await driver.createNetwork(scope);
  if (declaration.capabilities.includes("cni")) {
    const neighbour = await network.run(scope, node, { bare: true, name: uniqueName("neighbour") });
    return {
      ...{ node, cycle: "ADD and DEL", atATime: addsAtATime },
      attach: async (own) => {
        const workload = await network.run(own, node, { bare: true, name: uniqueName("churn") });
        return { detach: () => network.disconnect(workload), reach: () => reaches(workload, neighbour) };
      },
    };
  }
  const neighbour = await network.run(scope, node, { name: uniqueName("neighbour") });
  const home = await driver.createNetwork(scope);
  const joiners: Workload[] = [];
  // One after the other: their links are links of others to each other.
  while (joiners.length < joinersAtATime)
    joiners.push(await home.run(scope, node, { name: uniqueName("churn") }));
  return {
    ...{ node, cycle: "docker network connect and disconnect", atATime: joinersAtATime },
    attach: async (own, lane) => {
      const joined = await network.connect(own, joiners[lane]!);
      return { detach: () => network.disconnect(joined), reach: () => reaches(joined, neighbour) };
    },
  };
}

async function reaches(from: Workload, to: Workload): Promise<void> {
  await expectPing(from, to);
}
