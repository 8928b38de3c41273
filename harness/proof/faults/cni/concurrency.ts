import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

/** Faults that only many containers at once bring to light. */
export const concurrencyFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-ipam", "one-at-a-time"),
    breaks: "a call fails while another one is at work",
    why: "of containers that start together, some fail",
    detectedBy: ["CNI-17a"],
    mayFollow: ["CNI-10d"],
  },
  {
    ...behaviour("debug-ipam", "address-given-twice"),
    breaks: "an address is looked for and taken in two steps",
    why: "two containers that start together get one address",
    detectedBy: ["CNI-17b"],
    mayFollow: ["CNI-10d", "CNI-13e"],
  },
];
