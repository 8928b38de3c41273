import type Docker from "dockerode";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { announce } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { deferRemoval, removed } from "./creation.ts";
import { askEngine, CnmWorkload, uniqueName } from "./network.ts";

/** One task of a swarm service, as `docker service ps` tells it. */
export interface Task {
  id: string;
  /** `SERVICE.SLOT.ID`, which is also the name of its container. */
  name: string;
  node: ClusterNode;
  containerId: string;
  /** Its container, as a workload on the service's network. */
  workload: CnmWorkload;
}

/** A replicated swarm service whose tasks run. */
export interface Service {
  readonly name: string;
  readonly network: string;
  /** The tasks that run now. */
  tasks(): Promise<Task[]>;
  /** `docker service scale NAME=REPLICAS`; does not wait for the tasks. */
  scale(replicas: number): Promise<void>;
  /** `docker service update --force NAME`: every task is replaced; does not wait for the new ones. */
  renew(): Promise<void>;
}

interface SwarmTask {
  ID: string;
  NodeID: string;
  Slot: number;
  Status: { State: string; Err?: string; ContainerStatus?: { ContainerID: string } };
}

/** What is changed of a service. */
interface ServiceSpec {
  readonly TaskTemplate?: { readonly ForceUpdate?: number };
  readonly Mode?: object;
  readonly UpdateConfig?: object;
}

const runningMs = 60_000;

/**
 * `docker service create --replicas N --network NETWORK --endpoint-mode dnsrr IMAGE`; removed when `scope` closes.
 * DNS round robin, since virtual addresses need ip_vs in the kernel.
 */
export async function createService(
  scope: Scope,
  cluster: Cluster,
  options: { network: string; replicas: number },
): Promise<Service> {
  const manager = managerOf(cluster);
  const name = uniqueName("svc");
  const spec = {
    Name: name,
    Labels: { netconform: "service" },
    TaskTemplate: {
      ContainerSpec: {
        Image: cluster.image,
        Command: ["sleep", "1000000"],
        Labels: { netconform: "workload" },
        // `sleep` as the first process of a container ignores TERM.
        StopGracePeriod: 1_000_000,
      },
      Networks: [{ Target: options.network }],
      RestartPolicy: { Condition: "any", Delay: 0 },
    },
    Mode: { Replicated: { Replicas: options.replicas } },
    EndpointSpec: { Mode: "dnsrr" },
  };
  const answer = manager.docker.createService(spec as unknown as Docker.CreateServiceOptions);
  const service = new SwarmService(scope, cluster, name, options.network);
  deferRemoval(scope, { what: `service ${name}`, answer, remove: () => service.remove() });
  await askEngine(manager, `docker service create --name=${name}`, answer);
  await until(
    { what: `${options.replicas} tasks of ${name} to run`, deadlineMs: runningMs, everyMs: 100 },
    async () => (await service.running()).length === options.replicas,
    () => service.lastSeen,
  );
  const workloads = (await service.tasks()).map((task) => task.workload);
  await announce("service created", { service: name, workloads, network: options.network, scope });
  return service;
}

export function managerOf(cluster: Cluster): ClusterNode {
  const [manager] = cluster.nodes;
  if (!manager) throw new HarnessError("a swarm needs at least one node");
  return manager;
}

class SwarmService implements Service {
  readonly name: string;
  readonly network: string;
  lastSeen = "no tasks";
  readonly #scope: Scope;
  readonly #cluster: Cluster;
  /** By the id of its container: what was announced of a task. */
  readonly #announced = new Map<string, Promise<void>>();
  /** Of tasks that were there when it was to go: a service that is gone tells nothing of them any more. */
  readonly #containers = new Set<string | undefined>();

  constructor(scope: Scope, cluster: Cluster, name: string, network: string) {
    this.#scope = scope;
    this.#cluster = cluster;
    this.name = name;
    this.network = network;
  }

  /** What the manager says of the tasks that run; nothing is asked of their nodes. */
  async running(): Promise<SwarmTask[]> {
    const tasks = await this.#list();
    this.lastSeen = tasks
      .map(({ Slot, Status }) => `${Slot} ${Status.State} ${Status.Err ?? ""}`.trim())
      .join(", ");
    return tasks.filter(({ Status }) => Status.State === "running");
  }

  async tasks(): Promise<Task[]> {
    const running = await this.running();
    const nodes = await nodesById(this.#cluster);
    return Promise.all(
      running.map(async (task) => {
        const node = nodes.get(task.NodeID);
        const containerId = task.Status.ContainerStatus?.ContainerID;
        if (!node || !containerId)
          throw new HarnessError(`task ${task.ID} runs on an unknown node ${task.NodeID}`);
        const inspected = await node.docker.getContainer(containerId).inspect();
        const workload = new CnmWorkload(this.#scope, node, inspected, this.network);
        const announced =
          this.#announced.get(containerId) ?? announce("task started", { workload, network: this.network });
        this.#announced.set(containerId, announced);
        await announced;
        return { id: task.ID, name: `${this.name}.${task.Slot}.${task.ID}`, node, containerId, workload };
      }),
    );
  }

  scale(replicas: number): Promise<void> {
    return this.#update(`docker service scale ${this.name}=${replicas}`, (spec) => ({
      ...spec,
      Mode: { Replicated: { Replicas: replicas } },
    }));
  }

  renew(): Promise<void> {
    return this.#update(`docker service update --force ${this.name}`, ({ TaskTemplate, ...spec }) => ({
      ...spec,
      TaskTemplate: { ...TaskTemplate, ForceUpdate: (TaskTemplate?.ForceUpdate ?? 0) + 1 },
      // All tasks at once.
      UpdateConfig: { Parallelism: 0 },
    }));
  }

  async #update(command: string, change: (spec: ServiceSpec) => ServiceSpec): Promise<void> {
    const manager = managerOf(this.#cluster);
    const service = manager.docker.getService(this.name);
    const { Version, Spec } = (await service.inspect()) as { Version: { Index: number }; Spec: ServiceSpec };
    await askEngine(manager, command, service.update({ version: Version.Index, ...change(Spec) }));
  }

  /** With its containers. Resolves to whether it was there. */
  async remove(): Promise<boolean> {
    const tasks = await this.#list().catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
      return [];
    });
    for (const { Status } of tasks) this.#containers.add(Status.ContainerStatus?.ContainerID);
    const wasThere = await removed(managerOf(this.#cluster).docker.getService(this.name).remove());
    await until({ what: `the containers of ${this.name} to go`, deadlineMs: 30_000 }, async () => {
      const { nodes } = this.#cluster;
      const left = await Promise.all(nodes.map((node) => node.docker.listContainers({ all: true })));
      return !left.flat().some(({ Id }) => this.#containers.has(Id));
    });
    return wasThere;
  }

  #list(): Promise<SwarmTask[]> {
    return managerOf(this.#cluster).docker.listTasks({
      filters: JSON.stringify({ service: [this.name] }),
    }) as Promise<SwarmTask[]>;
  }
}

/** The cluster's nodes by their id in the swarm. */
export async function nodesById(cluster: Cluster): Promise<Map<string, ClusterNode>> {
  const entries = await Promise.all(
    cluster.nodes.map(async (node) => [(await node.docker.info()).Swarm.NodeID as string, node] as const),
  );
  return new Map(entries);
}
