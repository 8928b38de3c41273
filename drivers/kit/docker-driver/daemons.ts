import { Daemon, type DaemonPlan, daemon } from "#drivers/kit/daemon/daemon.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { PluginClient } from "#harness/cnm/client/client.ts";
import { socketFolder } from "#harness/cnm/protocol/plugin-folders.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";

/** What runs on each node, the first in the list first. */
export type DaemonsOn = (node: ClusterNode, cluster: Cluster) => readonly Omit<DaemonPlan, "node">[];

/** Time for the answer to Plugin.Activate: engines ask for it first. */
const activateMs = 10_000;

function plansOf(cluster: Cluster, daemonsOn: DaemonsOn): DaemonPlan[][] {
  return cluster.nodes.map((node) => daemonsOn(node, cluster).map((plan) => ({ ...plan, node })));
}

/** Their programs on the first node, of those that are given by an absolute path. */
export function programsOf(cluster: Cluster, daemonsOn: DaemonsOn | undefined): string[] {
  const [first = []] = daemonsOn ? plansOf(cluster, daemonsOn) : [];
  return first.flatMap(({ argv: [program = ""] }) => (program.startsWith("/") ? [program] : []));
}

/**
 * Starts them on all nodes at once; `scope` removes them. Throws as `daemon` does, and `Nonconformance` for a plugin that is silent at its
 * socket: engines would wait for it for a minute in whatever they do, and everything but the plugin would seem broken.
 */
export async function startDaemons(scope: Scope, cluster: Cluster, daemonsOn: DaemonsOn): Promise<void> {
  await Promise.all(
    cluster.nodes.map(async (node) => {
      for (const plan of daemonsOn(node, cluster)) {
        const made = await daemon(scope, { ...plan, node });
        const { ready } = plan;
        if (typeof ready === "string" && ready.startsWith(socketFolder))
          await refuseSilent(made, node, ready);
      }
    }),
  );
}

async function refuseSilent(made: Daemon, node: ClusterNode, socket: string): Promise<void> {
  const address = `${node.name}:${socket}`;
  const connect = () => node.connectSocket(socket);
  const client = new PluginClient({ name: made.name, address, connect }, "set-up");
  const { exchange } = await client.call("Plugin.Activate", undefined, {
    deadlineMs: scaled(activateMs),
  });
  if (exchange.status !== null) return;
  throw new Nonconformance({
    who: `${made.name} on ${node.name}`,
    expected: `an answer to Plugin.Activate at ${socket}`,
    got: exchange.failure ?? "none",
    evidence:
      `  its log is ${made.log}\n${(await made.lastWords()).replaceAll(/^(?=.)/gm, "    ")}`.trimEnd(),
    because: { kind: "plugin start", what: `${made.name} does not answer at its socket` },
  });
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
