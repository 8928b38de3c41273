import { startExternalHost, stopExternalDns } from "#harness/cluster/external/external-host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { embeddedDns } from "#harness/observe/probe/names.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { drop, firstNode, onCouple } from "./tools.ts";

/** Faults of name resolution. */
export const nameFaults: readonly Fault<"chapters">[] = [
  {
    name: "embedded-dns-unheard",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "drops what the container on the first node asks the engine's DNS",
    why: "containers reach each other by address alone",
    detectedBy: ["M5"],
    hop: ["it did not leave c-"],
    inject: {
      "workload started": onCouple(async (_context, { a, scope }) => {
        await drop(scope, a, "output", `ip daddr ${embeddedDns}`);
      }),
    },
  },
  {
    name: "name-leads-elsewhere",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "makes the name of the container on the second node lead to another address",
    why: "a client connects to another machine than the one that it named",
    detectedBy: ["M5"],
    hop: ["it did not leave c-"],
    inject: {
      "workload started": onCouple(async (_context, { a, b }) => {
        const script = 'echo "127.0.0.1 $1" >> /etc/hosts';
        await a.node.run(["docker", "exec", a.name, "sh", "-c", script, "sh", b.name]);
      }),
    },
  },
  {
    name: "external-dns-stopped",
    on: { tier: "chapters", chapter: "external", driver: "overlay" },
    breaks: "stops the name server outside",
    why: "containers can resolve no name outside of their networks",
    detectedBy: ["X2"],
    hop: ["its question for the name: it arrived at external eth", "and no answer was sent"],
    inject: {
      "chapter begins": async ({ cluster }, { scope }) => {
        scope.defer("the name server outside", () => startExternalHost(cluster.external));
        await stopExternalDns(cluster.external);
      },
    },
  },
  {
    name: "service-names-unheard",
    on: { tier: "chapters", chapter: "swarm", driver: "overlay" },
    breaks: "drops what the tasks of a service ask the engine's DNS",
    why: "workloads of a service find neither each other nor the service",
    detectedBy: ["W3"],
    alone: true,
    hop: ["it did not leave "],
    inject: {
      "service created": async (_context, { workloads, scope }) => {
        await Promise.all(workloads.map((task) => drop(scope, task, "output", `ip daddr ${embeddedDns}`)));
      },
    },
  },
  {
    name: "names-lost-in-a-swarm",
    on: { tier: "chapters", chapter: "swarm", driver: "bridge" },
    breaks: "drops what containers ask the engine's DNS that start while the node is in a swarm",
    why: "what ran for years on one machine loses its names with the first step to a second one",
    detectedBy: ["W6"],
    hop: ["it did not leave "],
    inject: {
      "workload started": async (_context, { workload, scope }) => {
        const { Swarm } = await workload.node.docker.info();
        if (Swarm.LocalNodeState !== "active") return;
        await drop(scope, workload, "output", `ip daddr ${embeddedDns}`);
      },
    },
  },
  {
    name: "ipv6-names-lost-in-a-swarm",
    on: { tier: "chapters", chapter: "swarm", driver: "bridge" },
    breaks:
      "drops what containers ask the engine's DNS for IPv6 addresses that start while the node is in a swarm",
    why: "what speaks IPv6 loses its peers with the first step to a second machine, and IPv4 looks well",
    detectedBy: ["W6"],
    hop: ["it did not leave "],
    inject: {
      "workload started": async (_context, { workload, scope }) => {
        const { Swarm } = await workload.node.docker.info();
        if (Swarm.LocalNodeState !== "active") return;
        await drop(
          scope,
          workload,
          "output",
          `ip daddr ${embeddedDns} meta l4proto udp ${asksForIpv6(workload)}`,
        );
      },
    },
  },
  {
    name: "service-name-kept",
    on: { tier: "chapters", chapter: "swarm", driver: "overlay" },
    breaks: "keeps the name of a service at the address of a container that is none of its tasks",
    why: "a part of all requests goes to a task that has long gone, or to whatever has its address now",
    detectedBy: ["W5"],
    hop: ["127.0.0.11 asked nobody else"],
    alone: true,
    inject: {
      "service created": async (context, { service, network, scope }) => {
        const node = firstNode(context);
        const name = uniqueName("fault");
        const asService = ["--network", network, "--network-alias", service];
        const { image } = context.cluster;
        await withUndo(
          scope,
          node,
          ["docker", "run", "--detach", "--name", name, ...asService, image, "sleep", "1000000"],
          ["docker", "rm", "--force", name],
        );
      },
    },
  },
];

/** What matches a question for IPv6 addresses of a name as long as the workload's. */
function asksForIpv6({ name }: Workload): string {
  // The headers of UDP and DNS, the name as one label with its length and its end, then the type; RFC 1035, section 4.1.2.
  const bytes = 8 + 12 + 1 + name.length + 1;
  return `@th,${8 * bytes},16 28`;
}
