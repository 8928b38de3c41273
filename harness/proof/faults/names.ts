import { startExternalHost, stopExternalDns } from "#harness/cluster/external/external-host.ts";
import { embeddedDns } from "#harness/observe/probe/names.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { drop, onCouple } from "./tools.ts";

/** Faults of name resolution. */
export const nameFaults: readonly Fault[] = [
  {
    name: "embedded-dns-unheard",
    breaks: "drops what the container on the first node asks the engine's DNS",
    detectedBy: ["M5"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": onCouple(async (_site, { a, scope }) => {
        await drop(scope, a, "output", `ip daddr ${embeddedDns}`);
      }),
    },
  },
  {
    name: "name-leads-elsewhere",
    breaks: "makes the name of the container on the second node lead to another address",
    detectedBy: ["M5"],
    chapter: "multihost",
    driver: "overlay",
    acts: {
      "workload started": onCouple(async (_site, { a, b }) => {
        const script = 'echo "127.0.0.1 $1" >> /etc/hosts';
        await a.node.run(["docker", "exec", a.name, "sh", "-c", script, "sh", b.name]);
      }),
    },
  },
  {
    name: "external-dns-stopped",
    breaks: "stops the name server outside",
    detectedBy: ["X2"],
    chapter: "external",
    driver: "overlay",
    acts: {
      "chapter begins": async ({ cluster }, { scope }) => {
        scope.defer("the name server outside", () => startExternalHost(cluster.external));
        await stopExternalDns(cluster.external);
      },
    },
  },
  {
    name: "service-names-unheard",
    breaks: "drops what the tasks of a service ask the engine's DNS",
    detectedBy: ["W3"],
    alone: true,
    chapter: "swarm",
    driver: "overlay",
    acts: {
      "service created": async (_site, { workloads, scope }) => {
        await Promise.all(workloads.map((task) => drop(scope, task, "output", `ip daddr ${embeddedDns}`)));
      },
    },
  },
];
