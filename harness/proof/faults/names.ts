import { startExternalHost, stopExternalDns } from "#harness/cluster/external/external-host.ts";
import { embeddedDns } from "#harness/observe/probe/names.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { drop, onCouple } from "./tools.ts";

/** Faults of name resolution. */
export const nameFaults: readonly Fault<"chapters">[] = [
  {
    name: "embedded-dns-unheard",
    on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
    breaks: "drops what the container on the first node asks the engine's DNS",
    why: "containers reach each other by address alone",
    detectedBy: ["M5"],
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
    inject: {
      "service created": async (_context, { workloads, scope }) => {
        await Promise.all(workloads.map((task) => drop(scope, task, "output", `ip daddr ${embeddedDns}`)));
      },
    },
  },
];
