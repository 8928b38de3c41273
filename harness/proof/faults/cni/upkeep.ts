import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

/** Faults of VERSION, STATUS and GC. */
export const upkeepFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-ipam", "version-without-list"),
    breaks: "VERSION does not say what is supported when it is asked in the version under test",
    why: "the runtime cannot tell which version to speak",
    detectedBy: ["CNI-12a"],
  },
  {
    ...behaviour("debug-ipam", "version-of-its-own", "1.0.0"),
    breaks: "VERSION answers in the newest version, whatever it is asked in",
    why: "a runtime that does not know the newest version cannot read the answer",
    detectedBy: ["CNI-12b"],
  },
  {
    ...behaviour("debug-ipam", "status-never"),
    breaks: "STATUS fails while ADD can be served",
    why: "a node is reported as not ready although containers could start on it",
    detectedBy: ["CNI-13a"],
    mayFollow: ["CNI-13e"],
  },
  {
    ...behaviour("debug-interface", "status-always"),
    breaks: "STATUS succeeds whatever the delegate says",
    why: "containers are sent to a node that cannot start them",
    detectedBy: ["CNI-13b", "CNI-13d"],
    mayFollow: ["CNI-13f"],
  },
  {
    ...behaviour("debug-interface", "status-skips-delegate"),
    breaks: "STATUS does not ask the delegate",
    why: "a node whose address manager cannot serve is reported as ready",
    detectedBy: ["CNI-13c"],
    mayFollow: ["CNI-13d", "CNI-13f"],
  },
  {
    ...behaviour("debug-interface", "status-error-swallowed"),
    breaks: "STATUS asks the delegate and does not mind its answer",
    why: "a node whose address manager says that it cannot serve is reported as ready",
    detectedBy: ["CNI-13d"],
    mayFollow: ["CNI-13f"],
  },
  {
    ...behaviour("debug-interface", "del-refused-after-failed-status"),
    breaks: "DEL is refused once STATUS has failed",
    why: "containers cannot be removed from a node that is not ready, and keep their addresses",
    detectedBy: ["CNI-13f"],
  },
  {
    ...behaviour("debug-ipam", "status-ignores-exhaustion"),
    breaks: "STATUS succeeds when there is no address left",
    why: "containers are sent to a node that has no address for them",
    detectedBy: ["CNI-13e"],
  },
  {
    ...behaviour("debug-interface", "gc-skips-delegate"),
    breaks: "GC is not forwarded",
    why: "addresses of containers that are gone stay reserved",
    detectedBy: ["CNI-14a"],
    mayFollow: ["CNI-14b", "CNI-14d"],
  },
  {
    ...behaviour("debug-ipam", "gc-keeps-stale"),
    breaks: "GC removes nothing",
    why: "addresses of containers that are gone stay reserved until none is left",
    detectedBy: ["CNI-14b"],
  },
  {
    ...behaviour("debug-ipam", "gc-removes-listed"),
    breaks: "GC removes what is still in use",
    why: "the address of a running container is given to another",
    detectedBy: ["CNI-14c"],
  },
  {
    ...behaviour("debug-interface", "gc-error-swallowed"),
    breaks: "GC does not report the delegate's error",
    why: "nobody learns that the clean-up failed",
    detectedBy: ["CNI-14d"],
  },
];
