import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/** Every way in which the reference plugin can be a bad CNI plugin, by the name that switches it on. */
export const referenceCniFaults = {
  "cni-result-of-another-address": {
    breaks: "ADD's result has the address after the one that the container was given",
    why: "the runtime tells its users an address at which nothing answers",
    detectedBy: ["B7"],
    mayFollow: ["B2", "B5"],
  },
  "cni-host-end-unlisted": {
    breaks: "ADD's result has the container's interfaces and nothing of the node",
    why: "plugins after this one do not find the interface that they are to shape or to guard",
    detectedBy: ["B7"],
  },
  "cni-egress-ignored": {
    breaks: "ipMasq is ignored",
    why: "containers do not get out",
    detectedBy: ["X2"],
    hop: ["its question for the name: the answer of node1 to ", "came back to c-"],
  },
  "cni-ports-ignored": {
    breaks: "the runtime's portMappings are ignored",
    why: "published ports are closed, without an error",
    detectedBy: ["X3"],
    hop: ["the answer of node1 to ", "came back to "],
    mayFollow: ["X4"],
  },
  "cni-ports-outlive-container": {
    breaks: "DEL keeps the translation of published ports",
    why: "a port leads to the container that gets the address next",
    detectedBy: ["X4"],
    mayFollow: ["X3", "C1", "S5"],
  },
  "cni-translation-goes-before-interface": {
    breaks:
      "DEL takes a container's translation and what is remembered of its connections before its interface",
    why: "the last packets of every container leave the node with an address that nobody outside can answer",
    detectedBy: ["D3c"],
    alone: true,
  },
  "cni-aliases-ignored": {
    breaks: "the runtime's aliases are ignored",
    why: "containers do not find each other by name",
    detectedBy: ["M5"],
    hop: ["its question for the name: the answer of node", "came back to c-"],
  },
  "cni-group-ignored": {
    breaks: "the configuration's group is ignored",
    why: "containers start where they belong, and no policy binds them",
    detectedBy: ["P3"],
    hop: ["it got through by c-", "eth0 (in)"],
    mayFollow: ["P4", "P5", "P6", "P7", "P8", "P9", "P11"],
  },
  "cni-asked-ipv6-ignored": {
    breaks: "an IPv6 address that the runtime asks for is ignored, and another one given",
    why: "what others were told to call over IPv6 is not there",
    detectedBy: ["I7"],
    hop: { none: "the address is read, and nothing is sent to it" },
  },
} as const satisfies Record<string, FaultDescription>;

export type ReferenceCniFaultName = keyof typeof referenceCniFaults;
export const referenceCniFaultNames = Object.keys(referenceCniFaults) as ReferenceCniFaultName[];
