import { chapter } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { expectName } from "#harness/observe/probe/names.ts";
import { createService, type Service, type Task } from "#harness/workload/docker/service.ts";
import { exchangeMs } from "#harness/workload/reach/exchange.ts";

chapter("swarm", ({ requirement }) => {
  requirement(
    "W5",
    "asked on every node, after a kill, with more and with fewer tasks, and after an update",
    async ({ cluster, driver, scope }) => {
      const network = await driver.createNetwork(scope);
      const few = cluster.nodes.length;
      const [askers, service] = await Promise.all([
        Promise.all(cluster.nodes.map((node) => network.run(scope, node))),
        createService(scope, cluster, { network: network.name, replicas: few }),
      ]);
      const expectTasks = async (count: number, replaced: readonly Task[] = []): Promise<Task[]> => {
        const tasks = await untilTasks(service, count, replaced);
        const addresses = tasks.map(({ workload }) => workload.ip);
        const names = [service.name, `tasks.${service.name}`];
        await Promise.all(
          askers.flatMap((asker) =>
            names.map((name) => expectName(asker, { name, addresses }, { deadlineMs: exchangeMs })),
          ),
        );
        return tasks;
      };

      const [victim] = await expectTasks(few);
      if (!victim) throw new Nonconformance({ who: service.name, expected: "a task", got: "none" });
      await victim.node.docker.getContainer(victim.containerId).kill();
      await expectTasks(few, [victim]);
      await service.scale(few + 2);
      await expectTasks(few + 2);
      await service.scale(1);
      const old = await expectTasks(1);
      await service.renew();
      await expectTasks(1, old);
    },
    { deadlineMs: 300_000 },
  );
});

/** The tasks that run, once there are `count` of them and none of those that were `replaced`. Throws `Nonconformance` after 45 s. */
async function untilTasks(service: Service, count: number, replaced: readonly Task[]): Promise<Task[]> {
  const ids = new Set(replaced.map(({ id }) => id));
  let seen: readonly Task[] = [];
  const what = `${service.name} to have ${count} tasks`;
  try {
    return await until({ what, deadlineMs: 45_000, everyMs: 100 }, async () => {
      const tasks = await service.tasks();
      seen = tasks;
      return tasks.length === count && tasks.every(({ id }) => !ids.has(id)) && tasks;
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw new Nonconformance({
      who: service.name,
      expected: `${count} tasks that run${ids.size > 0 ? `, without ${[...ids].join(", ")}` : ""}`,
      got: seen.map(({ name }) => name).join(", ") || "none",
    });
  }
}
