import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/** How the reference plugin can get over the end of a node badly, by the name that switches it on. */
export const nodeFaults = {
  "failed-node-forgotten": {
    breaks:
      "once the engine of a node has ended, the other nodes forget the containers of that node and do not learn them again",
    why: "a node that was rebooted is part of the cluster again for everything but its containers' names and policies",
    detectedBy: ["D5"],
    alone: true,
  },
  "dead-node-kept": {
    breaks: "of a node that is given up the endpoints stay",
    why: "names lead to containers that died with their node, and their addresses cannot be had again",
    detectedBy: ["D5"],
    alone: true,
  },
  "rules-lifted-when-a-node-fails": {
    breaks: "when the engine of a node ends no rule is in force anywhere for 20 s",
    why: "each reboot of a node opens for a while what policies close on all the others",
    detectedBy: ["D5"],
    alone: true,
  },
} as const satisfies Record<string, FaultDescription>;

export type NodeFaultName = keyof typeof nodeFaults;
export const nodeFaultNames = Object.keys(nodeFaults) as NodeFaultName[];
