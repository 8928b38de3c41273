import overlay from "#drivers/overlay.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { expectFact, expectThat } from "#harness/conformance/expect.ts";
import { overEach } from "#harness/conformance/ip-versions/each.ts";
import { createStacked } from "#harness/conformance/ip-versions/stacked.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { contains } from "#harness/core/ip.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { captureWhile, carrying, describeSeen } from "#harness/observe/capture/capture-while.ts";
import { embeddedDns } from "#harness/observe/probe/names.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import { createService, managerOf, nodesById } from "#harness/workload/docker/service.ts";
import { exchangeMs } from "#harness/workload/reach/exchange.ts";
import { fetchFromExternalHost } from "#harness/workload/reach/fetch.ts";
import { expectPingByName } from "#harness/workload/reach/names.ts";
import type { Workload } from "#harness/workload/workload.ts";

chapter("swarm", ({ requirement, shared }) => {
  const service = shared("a service with one task for each node", async ({ cluster, driver, scope }) => {
    const network = await driver.createNetwork(scope);
    return createService(scope, cluster, { network: network.name, replicas: cluster.nodes.length });
  });

  requirement("W1", "the scheduler lists every node as ready", async ({ cluster }) => {
    const manager = managerOf(cluster);
    const listed = (await manager.docker.listNodes()) as ListedNode[];
    const known = await nodesById(cluster);
    expectFact("docker node ls", "the number of nodes", listed.length, cluster.nodes.length);
    for (const { ID, Status, Spec, Description } of listed) {
      const node = known.get(ID);
      const name = node && (await node.docker.info()).Name;
      expectFact(
        `node ${ID}`,
        "its host name, state and availability",
        [Description?.Hostname, Status?.State, Spec?.Availability],
        [name, "ready", "active"],
      );
      const { NanoCPUs = 0, MemoryBytes = 0 } = Description?.Resources ?? {};
      expectThat(NanoCPUs > 0 && MemoryBytes > 0, {
        who: `${name} in docker node inspect`,
        expected: "its processors and memory",
        got: `${NanoCPUs} nano-CPUs, ${MemoryBytes} bytes`,
      });
    }
  });

  requirement(
    "W2",
    "tasks are spread over the nodes, and the listing says where",
    async ({ cluster, use }) => {
      const tasks = await (await use(service)).tasks();
      const claimed = tasks.map(({ node }) => node.name).sort();
      expectFact(
        "docker service ps",
        "the nodes of its tasks",
        claimed,
        cluster.nodes.map(({ name }) => name).sort(),
      );
      for (const { name, node, containerId } of tasks) {
        const running = await node.docker.listContainers({ filters: { id: [containerId] } });
        expectFact(`docker ps on ${node.name}`, `the container of ${name}`, running.length, 1);
      }
    },
  );

  requirement(
    "W3",
    "tasks reach each other by name, and the outside",
    async ({ cluster, use }) => {
      const tasks = await (await use(service)).tasks();
      for (const [index, { workload }] of tasks.entries()) {
        const peer = tasks[(index + 1) % tasks.length];
        if (peer && peer.workload !== workload)
          await expectPingByName(workload, { name: peer.name, ip: peer.workload.ip }, exchangeMs);
        await fetchFromExternalHost(cluster, workload, { byName: true });
      }
    },
    { deadlineMs: 3 * exchangeMs },
  );

  requirement(
    "W4",
    "a task that dies is replaced",
    async ({ cluster, use }) => {
      const { name, tasks } = await use(service).then((one) => ({
        name: one.name,
        tasks: () => one.tasks(),
      }));
      const [victim] = await tasks();
      if (!victim) throw new Nonconformance({ who: name, expected: "a task", got: "none" });
      await victim.node.docker.getContainer(victim.containerId).kill();
      let seen = "";
      try {
        await until({ what: `${name} to replace ${victim.name}`, deadlineMs: 45_000 }, async () => {
          const now = await tasks();
          seen = now.map((task) => task.name).join(", ");
          return now.length === cluster.nodes.length && now.every((task) => task.id !== victim.id);
        });
      } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        throw new Nonconformance({
          who: name,
          expected: `${cluster.nodes.length} running tasks without ${victim.name}`,
          got: seen || "none",
        });
      }
    },
    { alone: true },
  );

  requirement(
    "O1",
    "Docker overlay works on a fresh subnet on the same nodes, and the plugin's network again when it is back",
    async (test) => {
      const { scope, cluster, driver } = test;
      const last = whatEndsLast(scope);
      const own = scope.child("the driver's own network");
      const before = await runPair(own, test);
      await expectPing(before.a, before.b);
      const absence = scope.child("the plugin's absence");
      await driver.stop?.(absence);

      const successor = scope.child("Docker overlay");
      const attachment = (await overlay.install?.(successor, cluster, last)) ?? {};
      const takenOver = await overlay.connect(cluster, attachment);
      const subnet = "30.1.1.0/24";
      const { a, b } = await runPair(successor, { cluster, driver: takenOver }, { subnet });
      for (const { name, ip } of [a, b]) {
        expectThat(contains(subnet, ip), { who: name, expected: `an address in ${subnet}`, got: ip });
      }
      expectThat(a.ip !== b.ip, {
        who: `${a.name} and ${b.name}`,
        expected: "different addresses",
        got: a.ip,
      });
      await expectPing(a, b);
      await expectPingByName(b, a);
      const { device } = b.node.interfaces[takenOver.underlay ?? "data"];
      const marker = uniqueMarker();
      const seen = await captureWhile({ node: b.node, devices: [device], keep: test.keep }, () =>
        expectPing(a, b, { marker }),
      );
      const marked = carrying(seen, marker);
      expectThat(marked.length > 0 && marked.every(({ packet }) => packet.vxlan !== undefined), {
        who: `the ping from ${a.name} to ${b.name} on ${b.node.name} ${device}`,
        expected: "VXLAN",
        got: describeSeen(marked),
      });

      await successor.close();
      await absence.close();
      await expectPing(before.a, before.b);
      await own.close();
    },
    { alone: true, breaks: true, deadlineMs: 120_000 },
  );

  requirement(
    "W6",
    "containers that start before, in and after a swarm, over each IP version",
    async (test) => {
      const { scope, cluster, declaration, fact } = test;
      if (declaration.capabilities.includes("scheduling")) {
        throw new Unsupported(`networks of ${declaration.name} are the swarm's, and no node's own`);
      }
      const last = whatEndsLast(scope);
      const node = managerOf(cluster);
      const { network, versions, over } = await createStacked(scope, test);
      const run = () => network.run(scope, node);
      const expectEachOther = async (one: Workload, other: Workload) => {
        await overEach(test, versions, async (version) => {
          const [its, others] = await Promise.all([over(version, one), over(version, other)]);
          await Promise.all([expectPingByName(one, others), expectPingByName(other, its)]);
        });
      };
      const [a, b] = await Promise.all([run(), run()]);
      await expectEachOther(a, b);

      const swarm = scope.child("a swarm");
      await overlay.install?.(swarm, cluster, last);
      await expectEachOther(a, b);
      await expectEachOther(a, await run());

      await swarm.close();
      const [c, d] = await Promise.all([run(), run()]);
      await expectEachOther(c, d);
      // An engine that leaves a swarm forgets the names of what runs (moby#45144), in all versions so far.
      const answer = await (await a.agent()).resolve({
        name: b.name,
        nameserver: a.nameserver ?? embeddedDns,
      });
      fact("a name from before the swarm, after it", answer.state);
    },
    { alone: true, deadlineMs: 120_000 },
  );
});

/** An engine that does not get rid of its swarm is started anew when everything else of the test has gone: containers would end with it. */
function whatEndsLast(scope: Scope): Scope {
  return scope.child("engines whose gossip goes on");
}

interface ListedNode {
  ID: string;
  Status?: { State?: string };
  Spec?: { Availability?: string };
  Description?: { Hostname?: string; Resources?: { NanoCPUs?: number; MemoryBytes?: number } };
}
