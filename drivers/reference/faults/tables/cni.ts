import type { ReferenceFault } from "./network.ts";

/** Ways in which the reference plugin can be a bad CNI plugin, by name. */
export const referenceCniFaults = {
  "cni-result-of-another-address": {
    detectedBy: "B7",
    mayFollow: ["B2", "B5"],
    does: "ADD's result has the address after the one that the container was given",
    why: "the runtime reports an address at which nothing answers",
  },
  "cni-host-end-unlisted": {
    detectedBy: "B7",
    does: "ADD's result has the container's interfaces and nothing of the node",
    why: "plugins after this one do not find the interface that they are to shape or to guard",
  },
  "cni-egress-ignored": {
    detectedBy: "X2",
    does: "ipMasq is ignored",
    why: "containers do not get out",
  },
  "cni-ports-ignored": {
    detectedBy: "X3",
    mayFollow: ["X4"],
    does: "the runtime's portMappings are ignored",
    why: "published ports are closed, and no error says so",
  },
  "cni-ports-outlive-container": {
    detectedBy: "X4",
    mayFollow: ["X3", "C1", "S5"],
    does: "DEL keeps the translation of published ports",
    why: "a port leads to the next container with the address",
  },
  "cni-aliases-ignored": {
    detectedBy: "M5",
    does: "the runtime's aliases are ignored",
    why: "containers do not find each other by name",
  },
} as const satisfies Record<string, ReferenceFault>;

export type ReferenceCniFaultName = keyof typeof referenceCniFaults;
