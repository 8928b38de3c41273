import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

/** Faults of DEL: what it needs, and what it leaves behind. */
export const delFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-interface", "del-once"),
    breaks: "a second DEL fails",
    why: "a runtime that repeats DEL after a crash never gets rid of the container",
    detectedBy: ["CNI-9a"],
    mayFollow: ["CNI-9b", "CNI-10a", "CNI-10d", "CNI-15c"],
  },
  {
    ...behaviour("debug-interface", "del-needs-interface"),
    breaks: "DEL fails when the namespace is gone",
    why: "a container whose namespace went first can never be deleted",
    detectedBy: ["CNI-9b"],
    mayFollow: ["CNI-10d"],
  },
  {
    ...behaviour("debug-ipam", "del-once", "0.4.0"),
    breaks: "a second DEL fails, before 1.0.0",
    why: "a runtime that repeats DEL after a crash never gets rid of the container",
    detectedBy: ["CNI-9c"],
    mayFollow: ["CNI-10d"],
  },
  {
    ...behaviour("debug-ipam", "del-needs-netns"),
    breaks: "DEL fails without CNI_NETNS",
    why: "containers from before a reboot, which have no namespace any more, cannot be deleted",
    detectedBy: ["CNI-10a"],
    mayFollow: ["CNI-10c"],
  },
  {
    ...behaviour("debug-interface", "del-needs-prevresult"),
    breaks: "DEL fails without prevResult",
    why: "a container whose cached result is lost cannot be deleted",
    detectedBy: ["CNI-10b"],
    mayFollow: ["CNI-9b", "CNI-10c", "CNI-10d"],
  },
  {
    ...behaviour("debug-ipam", "lease-kept-without-netns"),
    breaks: "the address stays reserved when there is no namespace any more",
    why: "containers from before a reboot keep their addresses until none is left",
    detectedBy: ["CNI-10c"],
    mayFollow: ["CNI-10d"],
  },
  {
    ...behaviour("debug-interface", "del-leaves-interface"),
    breaks: "DEL gives the address back and leaves the interface",
    why: "the host keeps an interface and a route for an address that the next container gets",
    detectedBy: ["CNI-10d"],
    mayFollow: ["CNI-21"],
  },
  {
    ...behaviour("debug-ipam", "lease-kept"),
    breaks: "DEL keeps the address reserved",
    why: "the subnet is used up after some days",
    detectedBy: ["CNI-10d"],
    mayFollow: ["CNI-10c", "CNI-17a"],
  },
  {
    ...behaviour("debug-chained", "del-leaves-rules"),
    breaks: "DEL of a chained plugin leaves its rules",
    why: "rules of a container that is gone apply to the next one with its address",
    detectedBy: ["CNI-10d"],
    mayFollow: ["CNI-14b", "CNI-21"],
  },
  {
    ...behaviour("debug-chained", "rule-at-every-add"),
    breaks: "every ADD appends the same rule once more, and no DEL takes one away",
    why: "after some thousands of containers every packet passes thousands of equal rules",
    detectedBy: ["CNI-10d"],
  },
  {
    ...behaviour("debug-chained", "rule6-kept"),
    breaks: "DEL leaves a rule for the routing of IPv6",
    why: "traffic of the next container with the address takes the way of the one before",
    detectedBy: ["CNI-10d"],
  },
  {
    ...behaviour("debug-interface", "lease-kept-after-failed-add"),
    breaks: "what a failed ADD has leased is not given back, not even by DEL",
    why: "every start that fails uses up an address",
    detectedBy: ["CNI-10d"],
  },
];
