import type { Requirement } from "#suites/requirements/requirement.ts";
import { laterOverIpv6 } from "./ipv6.ts";
import { noEngineAttaches } from "./lifecycle.ts";

const noContainer = "what starts in a namespace asks the name server of its node";

/** What must hold in mixtures and moments that nobody wrote down: generated, and judged by what the driver promises. */
export const disorderRequirements = {
  D1: {
    title:
      "any combination of policies lets pass what its rules say and nothing else, however it came about and once it has gone",
    level: "MUST",
    appliesTo: { capabilities: ["policy", "multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/drivers-capabilities.md: what the driver declares of its rules" },
  },
  D3: {
    title:
      "from the first instruction of a container to its last no packet gets past its policies, nor while it leaves its network",
    level: "MUST",
    appliesTo: { capabilities: ["policy", "multihost"] },
    profile: "disorder",
    source: {
      text: "Kubernetes, Network Policies: Pod lifecycle",
      url: "https://kubernetes.io/docs/concepts/services-networking/network-policies/#pod-lifecycle",
    },
  },
  D3b: {
    title: "a container that starts, stops or leaves its network sends nothing to another tenant",
    level: "MUST",
    appliesTo: { capabilities: ["tenants"] },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D3c: {
    title: "a container that starts, stops or leaves its network sends nothing untranslated out of its node",
    level: "SHOULD",
    appliesTo: { capabilities: ["outbound"] },
    profile: "disorder",
    source: {
      text: "RFC 1918, section 3: packets with private addresses should not be forwarded",
      url: "https://www.rfc-editor.org/rfc/rfc1918#section-3",
    },
  },
  D3d: {
    title: "containers of two networks stay apart while other networks are made, used and removed",
    level: "MUST",
    appliesTo: { capabilities: ["isolation"] },
    profile: "disorder",
    source: {
      text: "Docker, Bridge network driver: containers on different bridge networks can't communicate directly with each other",
      url: "https://github.com/docker/docs/blob/0f550540af081c9d18c5bee523917427158b3b03/content/manuals/engine/network/drivers/bridge.md",
    },
  },
  D3e: {
    title: "what a policy forbids stays forbidden while other groups and their policies are made and removed",
    level: "MUST",
    appliesTo: { capabilities: ["policy", "multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/drivers-capabilities.md: what the driver declares of its rules" },
  },
  D5: {
    title:
      "30 s after wires, engines, plugin and nodes are as before, names, addresses, forwarding and policies are right again, and nothing is left behind",
    level: "SHOULD",
    appliesTo: { capabilities: ["multihost"], notOverCni: noEngineAttaches },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D5b: {
    title:
      "when the clock of a node jumped an hour ahead and back, names, addresses, forwarding and policies are right again within 30 s, and nothing is left behind",
    level: "SHOULD",
    appliesTo: { capabilities: ["multihost"], notOverCni: noEngineAttaches },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D6: {
    title:
      "attachments that come and go by the hundred, while links of others come and go on the node, all succeed, and leave nothing that piles up",
    level: "MUST",
    appliesTo: { capabilities: ["hotplug"] },
    profile: "disorder",
    source: {
      text: "CNI specification, section 2: DEL releases what ADD has reserved; libnetwork's remote drivers, Leave and DeleteEndpoint, promise the same",
      url: "https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md#del-remove-container-from-network-or-un-apply-modifications",
    },
  },
  D6b: {
    title:
      "the p99 of attaching and detaching is, after hundreds of attachments that came and went, at most 1.5 times what it was",
    level: "SHOULD",
    appliesTo: { capabilities: ["hotplug"] },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D7: {
    title:
      "of 99 % of the orders to forbid something, it is in force at most 1 s after the order has returned",
    level: "MAY",
    appliesTo: { capabilities: ["policy", "multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D7b: {
    title:
      "of 99 % of containers, the first packet to a container on another node is answered at most 10 s after the order to start",
    level: "MAY",
    appliesTo: { capabilities: ["multihost"] },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  D7c: {
    title:
      "99 % of containers have the name of a container on another node resolved at most 10 s after the order to start",
    level: "MAY",
    appliesTo: { capabilities: ["multihost", "names"], notOverCni: noContainer },
    profile: "disorder",
    source: { text: "netconform, docs/disorder.md" },
  },
  // A MUST as R8 and R6b are, from whose sources D8 and D8b come.
  D8: {
    title:
      "an engine killed at any moment of a start leaves nothing of it, and address, name and port can be had again",
    level: "MUST",
    appliesTo: { capabilities: [], notOverCni: noEngineAttaches },
    promised: [laterOverIpv6],
    profile: "disorder",
    source: {
      text: "moby/libnetwork#606: what an engine left when it ended in disorder is cleaned up before anything new is given out; moby#20486",
      url: "https://github.com/moby/libnetwork/pull/606",
    },
  },
  D8b: {
    title:
      "a container whose start was cut off with its engine is attached, and reached, when it is started again",
    level: "MUST",
    appliesTo: { capabilities: [], notOverCni: noEngineAttaches },
    promised: [laterOverIpv6],
    profile: "disorder",
    source: {
      text: "Docker, container start, of a container that the engine ended; moby#20486",
      url: "https://docs.docker.com/reference/cli/docker/container/start/",
    },
  },
} as const satisfies Record<string, Requirement>;

export type DisorderRequirementId = keyof typeof disorderRequirements;
