import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

const takenForOne = "the container's second network dies with its first, or the first with the second";

/** Faults of plugins that take a container for an attachment, which is a container and an interface name. */
export const attachmentFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-interface", "one-attachment"),
    breaks: "a container that is attached is not attached once more",
    why: "a pod cannot have two interfaces in one network",
    detectedBy: ["CNI-20a"],
    mayFollow: ["CNI-20b", "CNI-20c"],
  },
  {
    ...behaviour("debug-interface", "check-wants-one-attachment"),
    breaks: "CHECK takes a container's second interface for a mistake",
    why: "runtimes that check restart a healthy pod that has two interfaces",
    detectedBy: ["CNI-20b"],
  },
  {
    ...behaviour("debug-interface", "del-by-container"),
    breaks: "DEL takes all interfaces of the container",
    why: takenForOne,
    detectedBy: ["CNI-20c"],
  },
  {
    ...behaviour("debug-chained", "del-by-container"),
    breaks: "DEL takes the rules of all attachments of the container",
    why: takenForOne,
    detectedBy: ["CNI-20c"],
  },
  {
    ...behaviour("debug-ipam", "del-by-container"),
    breaks: "DEL gives the addresses of all attachments of the container back",
    why: "an address that a container still has is given to another",
    detectedBy: ["CNI-20c"],
  },
];

/** Faults that show when plugins run as the list that a user has. */
export const listFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-chained", "del-keeps-record"),
    breaks: "a container that was detached counts as attached",
    why: "a container that is started again under its id gets no network",
    detectedBy: ["CNI-21"],
    mayFollow: ["CNI-10d", "CNI-14b"],
  },
];
