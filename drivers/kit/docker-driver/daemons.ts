import { Daemon, type DaemonPlan, daemon } from "#drivers/kit/daemon/daemon.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";

/** What runs on each node, the first in the list first. */
export type DaemonsOn = (node: ClusterNode, cluster: Cluster) => readonly Omit<DaemonPlan, "node">[];

function plansOf(cluster: Cluster, daemonsOn: DaemonsOn): DaemonPlan[][] {
  return cluster.nodes.map((node) => daemonsOn(node, cluster).map((plan) => ({ ...plan, node })));
}

/** Their programs on the first node, of those that are given by an absolute path. */
export function programsOf(cluster: Cluster, daemonsOn: DaemonsOn | undefined): string[] {
  const [first = []] = daemonsOn ? plansOf(cluster, daemonsOn) : [];
  return first.flatMap(({ argv: [program = ""] }) => (program.startsWith("/") ? [program] : []));
}

/** Starts them on all nodes at once; `scope` removes them. */
export async function startDaemons(scope: Scope, cluster: Cluster, daemonsOn: DaemonsOn): Promise<void> {
  await Promise.all(
    plansOf(cluster, daemonsOn).map(async (plans) => {
      for (const plan of plans) await daemon(scope, plan);
    }),
  );
}

/** How a connected driver speaks of its daemons. */
export function controlDaemons(cluster: Cluster, daemonsOn: DaemonsOn) {
  const daemons = plansOf(cluster, daemonsOn).map((plans) => plans.map((plan) => new Daemon(plan)));
  const all = daemons.flat();
  const start = () =>
    Promise.all(
      daemons.map(async (ofNode) => {
        for (const one of ofNode) await one.start();
      }),
    );
  const kill = () => Promise.all(all.map((one) => one.kill()));
  return {
    async restart(): Promise<void> {
      await kill();
      await start();
    },
    async stop(scope: Scope): Promise<void> {
      scope.defer("the plugin's daemons", start);
      await kill();
    },
    /** What failed, with the daemons that had ended: `Nonconformance` with the end of their logs where there are such. */
    async explain(error: unknown): Promise<unknown> {
      const run = await Promise.all(all.map((one) => one.runs()));
      const ended = all.filter((_, index) => !run[index]);
      if (ended.length === 0) return error;
      const words = await Promise.all(
        ended.map(async (one) => {
          const how = (await one.end()) ?? "no exit code";
          return `${one.name} on ${one.node.name} (${how}); the end of its log:\n${await one.lastWords()}`;
        }),
      );
      return new Nonconformance({
        who: "the plugin",
        expected: "daemons that run",
        got: `an end of ${words.join("\n")}`,
        evidence: `What failed then: ${error instanceof Error ? error.message : error}`,
      });
    },
  };
}
