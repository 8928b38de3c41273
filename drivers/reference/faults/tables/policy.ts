import type { FaultDescription } from "#suites/requirements/fault-description.ts";

/**
 * Small mistakes in how the reference plugin enforces policies, by the name that switches one on: each is found by some combinations of
 * rules alone.
 */
export const policyMutants = {
  "second-policy-ignored": {
    breaks: "of the policies that bind a group the first alone is enforced",
    why: "a policy that is added to a group closes nothing",
    detectedBy: ["D1"],
  },
  "shared-policy-binds-one-group": {
    breaks: "a policy that binds several groups is enforced for the first of them",
    why: "the same policy protects one group and not the other",
    detectedBy: ["D1"],
  },
  "last-rule-alone": {
    breaks: "of the rules of a policy the last one alone is enforced",
    why: "an exception replaces the rule that it is an exception to",
    detectedBy: ["D1"],
  },
  "two-rules-at-most": {
    breaks: "of the rules that bind a group the first two alone are enforced",
    why: "policies work until they grow",
    detectedBy: ["D1"],
  },
  "allow-rules-ignored": {
    breaks: "rules that allow are not enforced",
    why: "there are no exceptions to what is denied",
    detectedBy: ["D1"],
  },
  "out-rules-ignored": {
    breaks: "rules for what goes out are not enforced",
    why: "nothing limits what a group may reach",
    detectedBy: ["D1"],
  },
  "icmp-rules-ignored": {
    breaks: "rules for ICMP are not enforced",
    why: "what must not be seen answers to ping",
    detectedBy: ["D1"],
  },
  "icmp-rules-without-ipv6": {
    breaks: "rules for ICMP are enforced over IPv4 alone",
    why: "what must not be seen answers to ping over IPv6",
    detectedBy: ["D1"],
  },
  "any-is-tcp": {
    breaks: "rules for any protocol are enforced for TCP alone",
    why: "what is closed to everything is open to UDP and ping",
    detectedBy: ["D1"],
  },
  "any-without-icmp": {
    breaks: "rules for any protocol are not enforced for ICMP",
    why: "what is closed to everything answers to ping",
    detectedBy: ["D1"],
  },
  "tcp-ports-for-udp-too": {
    breaks: "rules for a TCP port are enforced for the UDP port of that number too",
    why: "a service over UDP closes with its namesake",
    detectedBy: ["D1"],
  },
  "priorities-as-texts": {
    breaks: "priorities are compared as texts: 9 comes before 10",
    why: "rules win by their first digit",
    detectedBy: ["D1"],
  },
  "priorities-in-tens": {
    breaks: "priorities are compared in steps of ten",
    why: "a rule that is a little more important is not",
    detectedBy: ["D1"],
  },
  "equal-priorities-allow": {
    breaks: "at equal priority the rule that allows wins",
    why: "what two policies disagree about is open, where it is promised to be closed",
    detectedBy: ["D1"],
  },
  "port-of-the-sender": {
    breaks: "a rule's port is compared with the port of who opens the connection",
    why: "rules for a port match next to nothing",
    detectedBy: ["D1"],
  },
  "ports-in-pairs": {
    breaks: "the last bit of a rule's port is ignored",
    why: "the port beside the one that is meant closes, too",
    detectedBy: ["D1"],
  },
  "peer-network-ignored": {
    breaks: "a rule for a network is for everybody",
    why: "what one network may not do nobody may",
    detectedBy: ["D1"],
  },
  "peer-cidr-is-an-address": {
    breaks: "a rule for a range of addresses is for the first of them",
    why: "a range is open but for one address",
    detectedBy: ["D1"],
  },
  "peer-address-is-a-range": {
    breaks: "a rule for an IPv4 address is for the four addresses around it",
    why: "neighbours of a client get its rules",
    detectedBy: ["D1"],
  },
  "peer-groups-of-own-node": {
    breaks: "members of the group that a rule names are known on their own node alone",
    why: "a rule that lets a group in lets in half of it",
    detectedBy: ["D1"],
  },
  "in-rules-bind-the-sender": {
    breaks: "rules for what comes in are enforced for what members send",
    why: "a group is closed to nobody, and its members reach nobody",
    detectedBy: ["D1"],
  },
  "out-allow-is-the-last-word": {
    breaks: "what a rule lets out is let in without the rules of the other end",
    why: "who may send gets in everywhere",
    detectedBy: ["D1"],
  },
  "replies-judged": {
    breaks: "replies are judged as if they opened a connection",
    why: "a rule for what goes out breaks every connection from outside",
    detectedBy: ["D1"],
  },
  "groups-closed-by-default": {
    breaks: "once a group has a rule for a direction, what no rule matches is denied",
    why: "the first rule cuts a group off",
    detectedBy: ["D1"],
  },
  "groups-of-all-tenants": {
    breaks: "groups of other tenants are bound as the group of that name in the default tenant",
    why: "a tenant's rules close another tenant's ports",
    detectedBy: ["D1"],
  },
  "rule-keeps-its-first-form": {
    breaks: "a rule that was deleted and comes back under its id is enforced as it was the first time",
    why: "an update of a rule changes the listing alone",
    detectedBy: ["D1"],
  },
  "deleted-rule-stays-over-ipv6": {
    breaks: "a deleted rule stays in force over IPv6",
    why: "a port that was opened again is closed over IPv6",
    detectedBy: ["D1"],
  },
  "deleted-allow-stays": {
    breaks: "a deleted rule that allows stays in force, until another one has its id",
    why: "an exception that was taken back goes on, and shows when something is closed for the next time",
    detectedBy: ["D1"],
  },
  "late-member-unbound": {
    breaks: "a container that joins a group which has rules is not bound by them",
    why: "what is started after its policy is open",
    detectedBy: ["D1"],
  },
  "address-keeps-its-last-group": {
    breaks: "a container is bound by the rules of the one that had its address before it",
    why: "a container that changes its group, or follows another one, has the wrong rules",
    detectedBy: ["D1"],
  },
} as const satisfies Record<string, FaultDescription>;

export type PolicyMutantName = keyof typeof policyMutants;
export const policyMutantNames = Object.keys(policyMutants) as PolicyMutantName[];

/** Ways in which rules mean something else over IPv6 than over IPv4, by the name that switches one on. */
export const policyFaultsOverIpv6 = {
  "priority-inverted-over-ipv6": {
    breaks: "over IPv6 the rule with the lower priority wins",
    why: "an exception to a general rule has no effect for clients that prefer IPv6, or the rule has none",
    detectedBy: ["P5"],
    mayFollow: ["P8"],
    hop: ["it got through by c-", "eth0 (in)"],
  },
  "peer-network-over-ipv4-alone": {
    breaks: "a rule for a network is for its IPv4 subnet alone",
    why: "a network that is let in gets in over IPv4, and its clients that prefer IPv6 wait for nothing",
    detectedBy: ["P8"],
    hop: ["last seen on node", " nh", " (in)"],
  },
  "direction-ignored-over-ipv6": {
    breaks: "over IPv6 out rules are enforced as in rules",
    why: "what may leave the group is limited over IPv4 alone",
    detectedBy: ["P8"],
    hop: ["it got through by c-", "eth0 (in)"],
  },
  "ties-turn-on-restart-over-ipv6": {
    breaks: "over IPv6, of two rules of one priority the other one wins once the plugin was started again",
    why: "a port that was closed is open over IPv6 after an update, though the same rules are listed",
    detectedBy: ["P11"],
    hop: {
      none: "that the state is another than before is told, and not what of it was expected to be open",
    },
  },
  "ties-turn-on-one-node-over-ipv6": {
    breaks: "over IPv6, of two rules of one priority another one wins on one node than on the others",
    why: "whether a port is open over IPv6 is up to where its container was placed",
    detectedBy: ["P11"],
    hop: { none: "answers are compared, and none of them is wrong by itself" },
  },
  "tie-deleted-with-its-twin-over-ipv6": {
    breaks:
      "when one of two rules of one priority is deleted, the other one is listed and not enforced over IPv6",
    why: "a port that the listing shows as denied is open over IPv6",
    detectedBy: ["P11"],
    hop: ["it got through by ", "c-", "eth0 (in)"],
    alone: true,
  },
} as const satisfies Record<string, FaultDescription>;
