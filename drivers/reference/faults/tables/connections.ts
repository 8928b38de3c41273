import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/**
 * Ways in which the reference plugin can treat connections that are there, and let what is new wait, as it should not, by the name that switches
 * one on.
 */
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
  "established-kept-going-out": {
    breaks: "rules for what goes out judge what is opened alone",
    why: "a container that was cut off from the outside goes on sending what it had begun to send",
    detectedBy: ["H1"],
  },
  "answers-go-on": {
    breaks: "what goes in the direction of answers is not judged by rules",
    why: "who was cut off still hears everything that the other end sends by itself",
    detectedBy: ["H1"],
  },
  "established-cut-late": {
    breaks: "a change of rules binds connections that are established three seconds late",
    why: "the order has returned, and what it stopped goes on",
    detectedBy: ["H1"],
  },
  "forwarding-stops-on-restart": {
    breaks: "a plugin that starts again forwards nothing for five seconds",
    why: "an update of the plugin is an outage of everything",
    detectedBy: ["H2"],
    alone: true,
  },
  "rules-bind-late": {
    breaks: "after each change of rules new flows pass unjudged for three seconds",
    why: "the order has returned, and what it closed is open",
    detectedBy: ["Q1"],
  },
  "icmp-between-nodes-dropped": {
    breaks: "ICMP that arrives from another node is dropped",
    why: "who waits until the other end answers to ping before it begins never begins",
    detectedBy: ["Q2"],
  },
  "names-told-to-nobody": {
    breaks: "resolvers know no names",
    why: "what finds its services by name does not start",
    detectedBy: ["Q3"],
  },
} as const satisfies Record<string, FaultDescription>;
