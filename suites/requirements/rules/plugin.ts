import type { Capability } from "#suites/requirements/capability.ts";
import type { ConformanceProfile, Level, Requirement } from "#suites/requirements/requirement.ts";
import { moby } from "./moby.ts";

const tutorial = "https://github.com/contiv/tutorial/blob/master/README.md";

function chapter(text: string, anchor: string, profile: ConformanceProfile, capability: Capability) {
  return (title: string, more: readonly Capability[] = []): Requirement => ({
    title,
    level: "MUST",
    appliesTo: { capabilities: [capability, ...more] },
    profile,
    source: { text: `Containers Tutorial, ${text}`, url: `${tutorial}#${anchor}` },
  });
}

const tenants = chapter(
  "Chapter 3",
  "chapter-3-using-multiple-tenants-with-arbitrary-ips-in-the-networks",
  "tenants",
  "tenants",
);
const vlan = chapter("Chapter 4", "chapter-4-connecting-containers-to-external-networks", "vlan", "vlan");
const policy = chapter(
  "Chapter 5",
  "chapter-5-applying-policies-between-containers-with-contiv",
  "policy",
  "policy",
);

/** What the tutorial does not say, and no specification either; the page gives the reasons. */
function refusals(profile: ConformanceProfile & Capability) {
  return (title: string, level: Level = "MUST"): Requirement => ({
    title,
    level,
    appliesTo: { capabilities: [profile] },
    profile,
    source: { text: "netconform, docs/refusals.md" },
  });
}

const tenantRefusals = refusals("tenants");
const vlanRefusals = refusals("vlan");
const policyRefusals = refusals("policy");

/** The tutorial knows IPv4 only; the protocol carries both. */
const dualStack: Requirement = {
  title: "containers of a dual-stack network on different nodes reach each other over IPv6",
  level: "MUST",
  appliesTo: { capabilities: ["multihost", "ipv6"] },
  profile: "multihost",
  source: {
    text: "libnetwork remote driver protocol, CreateNetwork (IPv6Data)",
    url: `${moby}/daemon/libnetwork/docs/remote.md`,
  },
};

/** What the tutorial claims of a plugin with tenants, VLAN networks and policies, in its own order. */
export const pluginRequirements = {
  M10: dualStack,

  T1: tenants("a tenant can be created, and the plugin lists it"),
  T2: tenants("two tenants have a network of the same name and subnet"),
  T3: tenants("the same address is in use in two tenants at the same time"),
  T4: tenants("containers of a tenant on different nodes reach each other by name", ["names"]),
  T5: tenants("a container never reaches another tenant's, neither by address nor by name"),
  T6: tenants("the networks of two tenants have different VNIs or VLANs on the wire"),
  T7: tenantRefusals("a subnet that overlaps, is none or is full is refused, and nothing of it stays"),
  T7b: tenantRefusals("the refusal of a subnet names it", "SHOULD"),
  T8: tenantRefusals(
    "an address given up in one tenant changes nothing for the same address in another, and is free again",
  ),

  V1: vlan("a VLAN network can be created, and is listed with its encapsulation and tag"),
  V2: vlan(
    "containers on different nodes reach each other in a VLAN network, by address and, where it has names, by name",
  ),
  V3: vlan("frames on the data interface carry the tag and the containers' own MAC, without VXLAN"),
  V4: vlan("an external host in the VLAN reaches the containers, one outside of it does not"),
  V5: vlanRefusals("a tag that is in use or out of range is refused, and nothing of it stays"),
  V5b: vlanRefusals("the refusal of a tag names it", "SHOULD"),

  P1: policy("policies, rules and groups can be created, and are listed as they were created"),
  P2: policy("a container started in a group gets an address of the group's network"),
  P3: policy("allowed ports of a group are open and denied ones blocked, though something listens on all"),
  P4: policy("rules added and deleted on a live policy take effect on running containers"),
  P5: policy("the rule with the higher priority wins"),
  P6: policy("a policy binds its group alone, and a TCP rule leaves ICMP and UDP untouched"),
  P7: policy("a policy holds from the same node and from others, and for containers started after the rule"),
  P8: policy("rules can name a direction and a peer group, network or address"),
  P9: policy("a policy survives the end of the plugin and its next start"),
  P10: policyRefusals("a rule that cannot be is refused, and nothing of it stays"),
  P10b: policyRefusals("the refusal of a rule names what is wrong with it", "SHOULD"),
  P11: policyRefusals(
    "rules of one priority end alike on every node, in any order, after a restart of the plugin; one that stays is in force",
  ),
  P12: {
    ...policyRefusals(
      "a group has a network of its own, also where its name begins the id of another network",
    ),
    appliesTo: {
      capabilities: ["policy"],
      notOverCni: "no engine takes part, so that networks have no ids",
    },
  },
} as const satisfies Record<string, Requirement>;
