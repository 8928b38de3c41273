import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";
import { followsWhereCheckFails } from "./check.ts";

/** Faults of ADD: what the plugin answers, and what the container's interface is called. */
export const addFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-chained", "result-on-stderr"),
    breaks: "the result of ADD goes to stderr",
    why: "the runtime does not learn the addresses, and the next plugin gets no prevResult",
    detectedBy: ["CNI-4a"],
  },
  {
    ...behaviour("debug-interface", "result-of-another-version"),
    breaks: "the result has a cniVersion that nobody asked for",
    why: "the runtime cannot decode the result, and the container does not start",
    detectedBy: ["CNI-4b"],
  },
  {
    ...behaviour("debug-interface", "sandbox-left-out"),
    breaks: "the container's interface has no sandbox in the result",
    why: "the runtime takes the container's interface for one of the host",
    detectedBy: ["CNI-5a"],
    mayFollow: ["CNI-5c", "CNI-11e"],
  },
  {
    ...behaviour("debug-interface", "sandbox-is-an-id"),
    breaks: "the sandbox is the container id instead of the namespace's path",
    why: "tools that enter the namespace of the result do not find it",
    detectedBy: ["CNI-5b"],
  },
  {
    ...behaviour("debug-interface", "host-interface-unlisted"),
    breaks: "the host's end of the veth pair is not in the result",
    why: "plugins after this one do not find the interface that they are to shape or to guard",
    detectedBy: ["CNI-5c"],
  },
  {
    ...behaviour("debug-interface", "host-interface-sandboxed"),
    breaks: "the host's end of the veth pair is listed as if it was in the container",
    why: "plugins after this one look inside the container for an interface of the host",
    detectedBy: ["CNI-5c"],
  },
  {
    ...behaviour("debug-interface", "address-without-interface"),
    breaks: "addresses point at an interface that the result does not have",
    why: "nobody can tell which interface has the address",
    detectedBy: ["CNI-5d"],
    mayFollow: ["CNI-11e"],
  },
  {
    ...behaviour("debug-ipam", "address-without-prefix"),
    breaks: "addresses have no prefix length",
    why: "the runtime cannot decode the address, and the container does not start",
    detectedBy: ["CNI-5d"],
  },
  {
    ...behaviour("debug-interface", "result-with-other-mac"),
    breaks: "the MAC in the result is not the interface's",
    why: "plugins that filter by MAC, for example against spoofing, block the container",
    detectedBy: ["CNI-5e"],
  },
  {
    ...behaviour("debug-chained", "mac-untold"),
    breaks: "a chained plugin sets the MAC that was asked for, and its result has the former one",
    why: "a runtime that fills neighbour tables from the result has others send to a MAC that nobody has",
    detectedBy: ["CNI-5e"],
  },
  {
    ...behaviour("debug-ipam", "address-of-other-version", "0.4.0"),
    breaks: "an IPv4 address in the result is said to be of version 6",
    why: "a runtime that sorts addresses by that version has no IPv4 address for the container",
    detectedBy: ["CNI-5f"],
  },
  {
    ...behaviour("debug-interface", "one-default-route", "0.4.0"),
    breaks: "a container that has a default route is refused",
    why: "a container in two networks that both have a default route cannot be attached",
    detectedBy: ["CNI-23"],
    mayFollow: ["CNI-20a", "CNI-20b", "CNI-20c"],
  },
  {
    ...behaviour("debug-chained", "prevresult-dropped"),
    breaks: "the result of a chained plugin is empty",
    why: "the runtime does not learn the container's addresses",
    detectedBy: ["CNI-6a"],
    mayFollow: ["CNI-11g"],
  },
  {
    ...behaviour("debug-chained", "prevresult-dropped", "0.4.0"),
    breaks: "the result of a chained plugin is empty, before 1.0.0",
    why: "the runtime does not learn the container's addresses",
    detectedBy: ["CNI-6b"],
    mayFollow: ["CNI-11g"],
  },
  {
    ...behaviour("debug-interface", "interface-drops-prevresult"),
    breaks: "an interface plugin forgets what came before it in the chain",
    why: "the runtime knows the last interface of the container alone",
    detectedBy: ["CNI-6c"],
  },
  {
    ...behaviour("debug-interface", "ifname-ignored"),
    breaks: "the interface is always called eth0",
    why: "a container's second network collides with its first",
    detectedBy: ["CNI-7"],
    mayFollow: [
      "CNI-5a",
      "CNI-5e",
      "CNI-8",
      "CNI-9b",
      "CNI-10d",
      "CNI-11a",
      ...followsWhereCheckFails,
      "CNI-19",
      "CNI-20a",
      "CNI-20c",
    ],
  },
  {
    ...behaviour("debug-interface", "taken-name-accepted"),
    breaks: "an interface of the wanted name is replaced",
    why: "an interface that the container uses disappears without a word",
    detectedBy: ["CNI-8"],
    mayFollow: ["CNI-10d"],
  },
];
