import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Fault, FaultContext } from "#harness/proof/fault.ts";
import { managerOf } from "#harness/workload/docker/service.ts";
import { onRequirement, secondNode } from "./tools.ts";

const flagsFile = "/etc/default/netconform-engine";

/** Faults of engines and of the scheduler. */
export const engineFaults: readonly Fault<"chapters">[] = [
  {
    name: "engine-stopped",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "stops the engine of the second node",
    why: "containers of that node can be neither started, stopped nor inspected",
    detectedBy: ["S1"],
    alone: true,
    inject: {
      "requirement begins": onRequirement("S1", async (context, scope) => {
        const node = secondNode(context);
        scope.defer(`the engine on ${node.name}`, () => startEngine(node));
        await node.run(["netconform-engine", "stop"]);
      }),
    },
  },
  {
    name: "engine-without-bridge",
    on: { tier: "chapters", chapter: "basics", driver: "bridge" },
    breaks: "starts the engine of the second node without its network bridge",
    why: "a plain docker run on that node finds no network to join",
    detectedBy: ["B1"],
    alone: true,
    inject: {
      "requirement begins": onRequirement("B1", async (context, scope) => {
        const node = secondNode(context);
        const flags = await node.files.readText(flagsFile);
        const mac = (await node.run(["cat", "/sys/class/net/docker0/address"])).trim();
        scope.defer(`the engine on ${node.name}`, async () => {
          await node.run(["netconform-engine", "stop"]);
          await node.files.write(flagsFile, flags);
          await startEngine(node);
          // A bridge that is made anew gets a MAC of its own.
          await node.run(["ip", "link", "set", "docker0", "address", mac]);
        });
        await node.run(["netconform-engine", "stop"]);
        await node.files.write(flagsFile, flags.replace(/DOCKERD_FLAGS="/, "$&--bridge=none "));
        await startEngine(node);
      }),
    },
  },
  {
    name: "node-drained",
    on: { tier: "chapters", chapter: "swarm", driver: "overlay" },
    breaks: "takes the second node out of the scheduler's choice",
    why: "all workloads crowd on the other nodes while this one stays empty",
    detectedBy: ["W1", "W2"],
    alone: true,
    inject: {
      "chapter begins": async (context, { scope }) => {
        await setAvailability(context, scope, secondNode(context), "drain");
      },
    },
  },
  {
    name: "scheduler-paused",
    on: { tier: "chapters", chapter: "swarm", driver: "overlay" },
    breaks: "lets no node take new tasks, so that dead ones are not replaced",
    why: "a service loses a workload for good when one dies",
    detectedBy: ["W4"],
    alone: true,
    inject: {
      "service created": async (context, { scope }) => {
        for (const node of context.cluster.nodes) await setAvailability(context, scope, node, "pause");
      },
    },
  },
  {
    name: "endpoint-forced-off",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "takes the container on the second node off its network behind the plugin's back",
    why: "the container runs on without the network that it was started in",
    detectedBy: ["M1", "M7"],
    alone: true,
    inject: {
      "workload started": async (context, { workload, network }) => {
        const { node } = workload;
        if (node !== secondNode(context)) return;
        await node.docker.getNetwork(network).disconnect({ Container: workload.id, Force: true });
        // The engine of a worker drops an overlay without containers a moment later.
        await until({ what: `${node.name} to forget ${network}`, deadlineMs: 20_000 }, async () => {
          const listed = await node.docker.listNetworks({ filters: { name: [network] } });
          return listed.every(({ Name }) => Name !== network);
        });
      },
    },
  },
  {
    name: "endpoint-renumbered",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "gives the container on the second node another address on its network behind the plugin's back",
    why: "peers go on calling an address that the container no longer has",
    detectedBy: ["M7"],
    alone: true,
    inject: {
      "workload started": async (context, { workload, network }) => {
        if (workload.node !== secondNode(context)) return;
        const net = workload.node.docker.getNetwork(network);
        const other = workload.ip.replace(/\d+$/, "77");
        await net.disconnect({ Container: workload.id, Force: true });
        await net.connect({ Container: workload.id, EndpointConfig: { IPAMConfig: { IPv4Address: other } } });
      },
    },
  },
];

async function startEngine(node: ClusterNode): Promise<void> {
  await node.run(["netconform-engine", "start"]);
  await until({ what: `the engine on ${node.name} to answer`, deadlineMs: 60_000 }, () => node.docker.ping());
}

async function setAvailability(
  context: FaultContext,
  scope: Scope,
  node: ClusterNode,
  availability: "drain" | "pause",
): Promise<void> {
  const manager = managerOf(context.cluster);
  const update = (to: string) => manager.run(["docker", "node", "update", "--availability", to, node.name]);
  scope.defer(`${node.name} in the swarm`, () => update("active"));
  await update(availability);
}
