import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

/** Faults between a plugin and the address manager that it calls. */
export const delegationFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-interface", "del-skips-delegate"),
    breaks: "DEL does not run the delegate",
    why: "every container that is deleted leaves an address reserved",
    detectedBy: ["CNI-15a"],
    mayFollow: ["CNI-10c", "CNI-10d", "CNI-15c"],
  },
  {
    ...behaviour("debug-interface", "check-skips-delegate"),
    breaks: "CHECK does not run the delegate",
    why: "a lost reservation goes unnoticed until two containers have one address",
    detectedBy: ["CNI-15b"],
    mayFollow: ["CNI-11h", "CNI-15c"],
  },
  {
    ...behaviour("debug-interface", "delegate-error-swallowed"),
    breaks: "CHECK and DEL do not mind the delegate's errors",
    why: "failures of the address manager go unnoticed",
    detectedBy: ["CNI-15c"],
    mayFollow: ["CNI-11h"],
  },
  {
    ...behaviour("debug-interface", "no-del-after-failed-add"),
    breaks: "a failed ADD of the delegate is not followed by its DEL",
    why: "what the delegate made before it failed is left behind",
    detectedBy: ["CNI-15d"],
  },
  {
    ...behaviour("debug-ipam", "ipam-lists-interfaces"),
    breaks: "an address manager answers interfaces",
    why: "the plugin that called gets interfaces and indexes that do not fit its own",
    detectedBy: ["CNI-16a"],
  },
  {
    ...behaviour("debug-interface", "delegate-environment"),
    breaks: "the delegate is told another container id",
    why: "addresses are booked on containers that do not exist, and GC takes them from those that run",
    detectedBy: ["CNI-16b"],
    mayFollow: ["CNI-14c"],
  },
  {
    ...behaviour("debug-interface", "delegate-gets-section"),
    breaks: "the delegate gets the ipam section only",
    why: "the delegate does not see what the runtime passes on, such as the valid attachments",
    detectedBy: ["CNI-16c"],
    mayFollow: ["CNI-14c"],
  },
  {
    ...behaviour("debug-interface", "delegate-stderr-dropped"),
    breaks: "what the delegate says on stderr is dropped",
    why: "a log that tells what the address manager did, or why not, is nowhere",
    detectedBy: ["CNI-16d"],
  },
  {
    ...behaviour("debug-interface", "delegate-dns-dropped", "0.4.0"),
    breaks: "the result is without the DNS of the delegate",
    why: "containers cannot resolve names that the address manager has a server for",
    detectedBy: ["CNI-16e"],
  },
  {
    ...behaviour("debug-ipam", "ipam-lists-interfaces", "0.4.0"),
    breaks: "an address manager answers interfaces, before 1.0.0",
    why: "the plugin that called gets interfaces that do not fit its own",
    detectedBy: ["CNI-16f"],
  },
];
