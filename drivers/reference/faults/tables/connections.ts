import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/** Ways in which the reference plugin can treat connections that are established as it should not, by the name that switches one on. */
export const connectionFaults = {
  "established-kept-on-one-node": {
    breaks: "on the first node rules judge what is opened alone, and connections that are established go on",
    why: "what was closed to an intruder stays open to the one who is in already, on some nodes",
    detectedBy: ["H1"],
  },
  "established-kept-over-udp": {
    breaks: "flows of datagrams that are under way go on whatever rules say by now",
    why: "a stream of data that was stopped goes on",
    detectedBy: ["H1"],
  },
  "established-kept-over-ipv6": {
    breaks: "over IPv6 rules judge what is opened alone, and connections that are established go on",
    why: "who was cut off goes on over IPv6, and IPv4 looks safe",
    detectedBy: ["H1"],
    names: [" over IPv6"],
  },
  "answers-go-on": {
    breaks: "what goes in the direction of answers is not judged by rules",
    why: "who was cut off still hears everything that the other end sends by itself",
    detectedBy: ["H1"],
  },
  "forwarding-flushed-at-start": {
    breaks: "a plugin that starts forwards nothing for four seconds, until it has made its flows anew",
    why: "each update of the plugin is an outage of everything that is connected",
    detectedBy: ["H2"],
  },
  "established-reset-by-any-order": {
    breaks: "any change of a rule ends every TCP connection of members, whatever it is about",
    why: "who adds a rule for one port cuts off everybody who is connected to another one",
    detectedBy: ["H1"],
  },
  "established-cut-late": {
    breaks: "a change of rules binds connections that are established three seconds late",
    why: "the order has returned, and what it stopped goes on",
    detectedBy: ["H1"],
  },
} as const satisfies Record<string, FaultDescription>;
