import type { DockerPromise } from "#suites/requirements/applicability/docker-promise.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

function over(title: string, needed: readonly Capability[], [text, url]: Source): Requirement {
  return {
    title,
    level: "MUST",
    appliesTo: { capabilities: ["ipv6", ...needed] },
    profile: "ipv6",
    source: { text, url },
  };
}

type Source = readonly [text: string, url: string];

// Docker's documentation has no versions; these are the texts of one day.
const docs =
  "https://github.com/docker/docs/blob/0ba0595890a4597aff5419319a0ca127d7e39884/content/manuals/engine";
const bridge: Source = [
  "Docker, Bridge network driver, Use IPv6 in a user-defined bridge network",
  `${docs}/network/drivers/bridge.md#use-ipv6-in-a-user-defined-bridge-network`,
];
const published: Source = [
  "Docker, Use IPv6 networking, Create an IPv6 network; Engine 27.0, release notes, IPv6",
  `${docs}/daemon/ipv6.md#create-an-ipv6-network`,
];
/** Docker filters and translates IPv6 of its bridges since: Docker Engine 27.0, release notes, IPv6. */
export const ipv6FilteredSince = "27.0";
/** Of a rule that asks over each IP version. */
export const laterOverIpv6: DockerPromise = {
  since: ipv6FilteredSince,
  over: "IPv6",
  overCni: "ipv6Egress",
};
const release27: Source = ["Docker Engine 27.0, release notes, IPv6", `${docs}/release-notes/27.md#ipv6`];
const tutorial = "https://github.com/contiv/tutorial/blob/master/README.md";
const addressing: Source = [
  "RFC 3596, section 2: a name has AAAA records for its IPv6 addresses",
  "https://www.rfc-editor.org/rfc/rfc3596#section-2",
];
const tenants: Source = [
  "Containers Tutorial, Chapter 3; libnetwork remote driver protocol, CreateNetwork (IPv6Data)",
  `${tutorial}#chapter-3-using-multiple-tenants-with-arbitrary-ips-in-the-networks`,
];
const vlan: Source = [
  "Containers Tutorial, Chapter 4; RFC 2464: IPv6 in Ethernet frames",
  `${tutorial}#chapter-4-connecting-containers-to-external-networks`,
];
const policy: Source = [
  "Containers Tutorial, Chapter 5: a rule names a port and a protocol, whichever IP carries it",
  `${tutorial}#chapter-5-applying-policies-between-containers-with-contiv`,
];

/** The rules of the other chapters, over IPv6, for networks that carry both; M10 is the one of containers on different nodes. */
export const ipv6Requirements = {
  I1: over("containers on one node reach each other over IPv6", [], bridge),
  I2: over(
    "the name of a container leads to its IPv6 address, from every node of its network",
    ["names"],
    addressing,
  ),
  I3: {
    ...over("a container reaches the outside over IPv6, from the node's address", ["outbound"], release27),
    promised: [{ since: ipv6FilteredSince, overCni: "ipv6Egress" }],
  },
  I4: {
    ...over("a published port leads to the container over IPv6 too, for TCP and UDP", ["publish"], published),
    promised: [{ since: ipv6FilteredSince, overCni: "ipv6Egress" }],
  },
  I5: {
    ...over(
      "containers of two networks do not reach each other over IPv6, on no interface",
      ["isolation"],
      release27,
    ),
    promised: [{ since: ipv6FilteredSince }],
  },
  I6: {
    ...over(
      "nothing but published ports is reached from another host over IPv6",
      ["publish", "isolation"],
      [
        "Docker Engine 27.0, release notes, IPv6; Docker, Publishing ports, on a loopback address",
        release27[1],
      ],
    ),
    promised: [{ since: ipv6FilteredSince }],
  },
  I7: over(
    "two tenants have the same IPv6 subnet and address, and do not reach each other over it",
    ["tenants"],
    tenants,
  ),
  I8: over(
    "frames of a VLAN carry IPv6 with its tag alone, between nodes and to an external host",
    ["vlan"],
    vlan,
  ),
  I9: over("a policy binds IPv6 as it binds IPv4, for containers that run", ["policy"], policy),
  I10: over(
    "a rule can name a peer by its IPv6 address, and a peer group is meant over IPv6 too",
    ["policy"],
    policy,
  ),
} as const satisfies Record<string, Requirement>;
