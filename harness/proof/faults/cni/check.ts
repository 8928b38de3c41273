import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

/** What cannot be judged, or is red too, where a CHECK right after ADD fails. */
export const followsWhereCheckFails = [
  "CNI-11b",
  "CNI-11c",
  "CNI-11d",
  "CNI-11e",
  "CNI-11f",
  "CNI-11h",
  "CNI-14c",
  "CNI-15b",
  "CNI-15c",
  "CNI-20b",
] as const;

/** Faults of CHECK: what it overlooks, and what it takes for broken. */
export const checkFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-interface", "check-fails-at-first"),
    breaks: "CHECK fails right after ADD",
    why: "runtimes that check restart healthy containers",
    detectedBy: ["CNI-11a"],
    mayFollow: followsWhereCheckFails,
  },
  {
    ...behaviour("debug-interface", "check-strict"),
    breaks: "CHECK fails because of a route that a later plugin has added",
    why: "no plugin that adds a route can stand later in the chain",
    detectedBy: ["CNI-11b"],
    mayFollow: ["CNI-20b"],
  },
  {
    ...behaviour("debug-interface", "check-without-prevresult"),
    breaks: "CHECK succeeds without prevResult",
    why: "a CHECK that had nothing to compare with looks like a success",
    detectedBy: ["CNI-11c"],
  },
  {
    ...behaviour("debug-interface", "check-always-succeeds"),
    breaks: "CHECK looks at nothing",
    why: "broken containers are taken for healthy",
    detectedBy: ["CNI-11c", "CNI-11d", "CNI-11e", "CNI-11f", "CNI-11h", "CNI-15b"],
    mayFollow: ["CNI-15c"],
  },
  {
    ...behaviour("debug-interface", "check-ignores-interface"),
    breaks: "CHECK does not mind a missing interface",
    why: "a container that lost its interface is taken for healthy",
    detectedBy: ["CNI-11d"],
  },
  {
    ...behaviour("debug-interface", "check-ignores-address"),
    breaks: "CHECK does not look at addresses",
    why: "a container that lost its address is taken for healthy",
    detectedBy: ["CNI-11e"],
  },
  {
    ...behaviour("debug-interface", "check-ignores-route"),
    breaks: "CHECK does not look at routes",
    why: "a container that lost its way to other networks is taken for healthy",
    detectedBy: ["CNI-11f"],
  },
  {
    ...behaviour("debug-chained", "check-ignores-rule"),
    breaks: "CHECK of a chained plugin does not look at its rules",
    why: "a container that lost its rules is taken for healthy",
    detectedBy: ["CNI-11g"],
  },
  {
    ...behaviour("debug-ipam", "check-ignores-lease"),
    breaks: "CHECK of an address manager does not look at its leases",
    why: "nobody notices that a container's address may be given to another",
    detectedBy: ["CNI-11h"],
  },
];
