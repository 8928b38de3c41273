import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/** What goes wrong in the reference plugin once in a while, where attachments come and go, by the name that switches it on. */
export const churnFaults = {
  "one-rule-in-fifty-kept": {
    breaks: "of each fiftieth endpoint that goes a flow stays that drops what its MAC sends",
    why: "nobody sees it in a test, and after a month the node looks through thousands of rules for each packet",
    detectedBy: ["D6"],
    names: ["ovs-flows of node1 grew"],
    alone: true,
  },
  "interrupted-dump-not-retried": {
    breaks: "a list of links during which one came or went is an error, and not made again",
    why: "containers do not start whenever somebody else changes a link at the same moment",
    detectedBy: ["D6"],
    names: ["Dump was interrupted"],
    alone: true,
  },
} as const satisfies Record<string, FaultDescription>;

export type ChurnFaultName = keyof typeof churnFaults;
export const churnFaultNames = Object.keys(churnFaults) as ChurnFaultName[];
