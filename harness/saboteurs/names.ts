import { startOutsideWorld, stopOutsideDns } from "#harness/outside/outside.ts";
import { embeddedDns } from "#harness/probe/names.ts";
import type { Saboteur } from "./saboteur.ts";
import { drop, onCouple } from "./tools.ts";

/** Saboteurs of name resolution. */
export const nameSaboteurs: readonly Saboteur[] = [
  {
    name: "embedded-dns-unheard",
    breaks: "drops what the container on the first node asks the engine's DNS",
    kills: ["M5"],
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
    kills: ["M5"],
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
    name: "outside-dns-stopped",
    breaks: "stops the name server outside",
    kills: ["X2"],
    chapter: "external",
    driver: "overlay",
    acts: {
      "chapter begins": async ({ cluster }, { scope }) => {
        scope.defer("the name server outside", () => startOutsideWorld(cluster.outside));
        await stopOutsideDns(cluster.outside);
      },
    },
  },
  {
    name: "service-names-unheard",
    breaks: "drops what the tasks of a service ask the engine's DNS",
    kills: ["W3"],
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
