import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { runContainer } from "#harness/workload/docker/network.ts";
import { startAgain } from "#harness/workload/docker/restart.ts";
import { createService } from "#harness/workload/docker/service.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { dockerDriver } from "./docker-driver.ts";

let made: TestNodes;

beforeAll(async () => {
  made = await makeOneNode("attached");
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

test("a plugin acts once for each workload on its networks, however that came to run, and on no other", async () => {
  const { cluster } = made;
  const [node] = cluster.nodes;
  const scope = new Scope("attached test");
  onTestFinished(() => scope.close());
  /** What was acted on: where, and the interface that was there. */
  const acts: string[] = [];
  const act = ({ id, mac, netns }: Pick<Workload, "id" | "mac" | "netns">, network: string) =>
    `${network} ${id} ${netns} ${mac}`;
  const driver = dockerDriver({
    name: "attached",
    title: "Docker overlay, with something to do",
    capabilities: ["names"],
    driver: "overlay",
    createOn: "first",
    network: () => ({ attachable: true }),
    async start(own, { nodes: [manager] }) {
      await manager?.docker.swarmInit({ ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1" });
      own.defer("the swarm", () => manager?.docker.swarmLeave({ force: true }));
    },
    async onAttached(workload, network) {
      const links = await workload.links();
      expect(links.map(({ mac }) => mac)).toContain(workload.mac);
      acts.push(act(workload, network));
    },
  });
  const { createNetwork } = await driver.connect(cluster, await driver.install(scope, cluster));
  const [one, two] = [await createNetwork(scope), await createNetwork(scope)];
  const since = async (work: () => Promise<unknown>) => {
    const before = acts.length;
    await work();
    return acts.slice(before);
  };

  const first = await one.run(scope, node!);
  expect(acts).toEqual([act(first, one.name)]);

  const joined = await since(async () => two.connect(scope, first));
  expect(joined).toEqual([expect.stringMatching(`^${two.name} ${first.id} ${first.netns} `)]);

  // An engine drops a network of the swarm with its last container, and one that starts meanwhile does not find it.
  await Promise.all([one, two].map((network) => network.run(scope, node!)));
  await node!.docker.getContainer(first.id).kill();
  let again = first as Workload;
  const restarted = await since(async () => {
    again = await startAgain(scope, one, first);
  });
  expect(restarted).toEqual([act(again, one.name)]);
  expect(again.netns).not.toBe(first.netns);

  const before = acts.length;
  const service = await createService(scope, cluster, { network: one.name, replicas: 2 });
  const tasks = await service.tasks();
  const ofTasks = tasks.map(({ workload }) => act(workload, one.name)).sort();
  expect(acts.slice(before).sort()).toEqual(ofTasks);

  const [victim] = tasks;
  const replaced = await since(async () => {
    await node!.docker.getContainer(victim!.containerId).kill();
    await until({ what: "the task to be replaced", deadlineMs: 45_000 }, async () => {
      const now = await service.tasks();
      return now.length === 2 && now.every(({ id }) => id !== victim!.id);
    });
  });
  expect(replaced).toHaveLength(1);
  expect(ofTasks).not.toContain(replaced[0]);

  const spec = { network: "bridge", image: cluster.image };
  expect(await since(() => runContainer(scope, node!, spec))).toEqual([]);
}, 180_000);

test("what the plugin cannot do fails what was to run", async () => {
  const { cluster } = made;
  const scope = new Scope("attached test");
  onTestFinished(() => scope.close());
  const refusal = { who: "ctl claim", expected: "success", got: "exit code 3" };
  const driver = dockerDriver({
    ...{ name: "refusing", title: "Refusing", capabilities: [], driver: "bridge" },
    onAttached: () => Promise.reject(new Nonconformance(refusal)),
  });
  const { createNetwork } = await driver.connect(cluster, {});
  const network = await createNetwork(scope);
  await expect(network.run(scope, cluster.nodes[0]!)).rejects.toThrow(new Nonconformance(refusal));
});
