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
  "slower-with-each-endpoint": {
    breaks:
      "before each endpoint the plugin goes through all that there ever were, 10 ms for each that has gone",
    why: "a node on which much comes and goes takes seconds to start a container after a day",
    detectedBy: ["D6b"],
    names: ["in the last tenth"],
  },
} as const satisfies Record<string, FaultDescription>;

export type ChurnFaultName = keyof typeof churnFaults;
export const churnFaultNames = Object.keys(churnFaults) as ChurnFaultName[];
