import type { Capability } from "#suites/requirements/capability.ts";
import type { ConformanceProfile, Requirement } from "#suites/requirements/requirement.ts";
import { laterOverIpv6 } from "./ipv6.ts";

// Docker's documentation has no versions; these are the texts of one day.
const documentation =
  "https://github.com/docker/docs/blob/0f550540af081c9d18c5bee523917427158b3b03/content/manuals/engine";

function from(text: string, page: string, profile: ConformanceProfile = "datapath") {
  return (title: string, capabilities: readonly Capability[] = []): Requirement => ({
    title,
    level: "MUST",
    appliesTo: { capabilities },
    profile,
    source: { text: `Docker, ${text}`, url: `${documentation}/${page}` },
  });
}

const networks = from(
  "Networking overview, User-defined networks",
  "network/_index.md#user-defined-networks",
);
const several = from(
  "Networking overview, Connecting to multiple networks",
  "network/_index.md#connecting-to-multiple-networks",
);
const bridge = from("Bridge network driver", "network/drivers/bridge.md");
const overlay = from("Overlay network driver", "network/drivers/overlay.md", "multihost");
const discovery = from(
  "Manage swarm service networks, Container discovery",
  "swarm/networking.md#container-discovery",
  "scheduling",
);
const internal: Requirement["source"] = {
  text: "Docker, network create, Network internal mode",
  url: "https://docs.docker.com/reference/cli/docker/network/create/#internal",
};
const gateways = {
  text: "Docker, Port publishing and mapping, Gateway modes",
  url: "https://github.com/docker/docs/blob/5d50b04e38764210d974f041580ec3476cf40506/content/manuals/engine/network/port-publishing.md#gateway-modes",
};
const publishing = from("Port publishing and mapping", "network/port-publishing.md#publishing-ports");

/** Why a rule on ports that nobody named is not for CNI. */
const portsGiven = "a CNI runtime is given each port, and chooses none";

/** What users of a network meet every day and the tutorial does not ask: the paths of packets within and between nodes. */
export const datapathRequirements = {
  B8: networks(
    "containers on one node reach each other by address and, where the network has names, by name",
  ),
  B9: bridge("containers of two networks reach each other neither by address nor by name, on no interface", [
    "isolation",
  ]),
  B10: {
    ...networks("an internal network has no egress and is not reached from outside; inside of it all works", [
      "internal",
      "outbound",
    ]),
    promised: [
      // Docker Engine 26.0, release notes, Security: CVE-2024-29018.
      {
        since: "26.0",
        test: "nobody else is asked for a name where the node's resolver is on its loopback",
      },
      // Docker Engine 25.0, release notes, Networking: moby#46603.
      { since: "25.0", test: "no default route leads out of an internal network" },
      laterOverIpv6,
    ],
    source: internal,
  },
  B11: {
    ...several(
      "a container of two networks reaches the peers of both and the outside, also once it left the first one",
      ["hotplug", "outbound"],
    ),
    promised: [laterOverIpv6],
  },

  W6: networks(
    "names of a node's own networks hold while its engine is in a swarm, and of what starts after it",
    ["names"],
  ),

  X5a: {
    ...publishing(
      "a published port leads to the container's port from outside, from another node and from the node, for TCP and UDP",
      ["publish"],
    ),
    promised: [laterOverIpv6],
  },
  X5b: {
    ...publishing(
      "a published port is reached by the container itself, its neighbours and containers of other networks",
      ["publish"],
    ),
    promised: [{ since: "28.0", overCni: "hairpin" }, laterOverIpv6],
    source: {
      ...publishing("").source,
      text: "Docker, Port publishing and mapping; CNI, portmap plugin, SNAT (hairpin)",
    },
  },
  X5c: {
    ...publishing(
      "a port published over SCTP leads to the container's port from outside, from another node, from the node and from its containers",
      ["publish", "sctp"],
    ),
    promised: [{ since: "28.0", test: "from containers of its node", overCni: "hairpin" }, laterOverIpv6],
    // Few kernels have it; the rest of the chapter is whole without.
    profile: "sctp",
    source: {
      text: "Docker, docker container run, Publish or expose port (-p, --expose); Port publishing and mapping",
      url: "https://docs.docker.com/reference/cli/docker/container/run/#publish",
    },
  },
  X6: {
    ...publishing("nothing but published ports is reached from another host", ["publish", "isolation"]),
    promised: [{ since: "28.0" }],
  },
  X7: {
    ...publishing(
      "a UDP flow reaches a container that was restarted meanwhile, from the client's address; other flows go on",
      ["publish"],
    ),
    promised: [{ since: "23.0" }, laterOverIpv6],
    source: {
      text: "Docker, Port publishing and mapping; moby#44742",
      url: "https://github.com/moby/moby/pull/44742",
    },
  },
  X8a: {
    ...publishing(
      "ports that the engine chooses differ, a port that is taken is refused by name, and goes with its container",
    ),
    appliesTo: { capabilities: ["publish"], notOverCni: portsGiven },
    promised: [laterOverIpv6],
  },
  X8b: {
    ...publishing("a published port stays what it is while its container joins and leaves networks"),
    appliesTo: { capabilities: ["publish", "hotplug"], notOverCni: portsGiven },
    promised: [laterOverIpv6],
  },

  M11: {
    ...overlay(
      "an address that goes to another container, on any node, is reached there within 5 s from everywhere",
    ),
    appliesTo: {
      capabilities: ["multihost", "hotplug"],
      notOverCni: "a CNI network gives out a part of its subnet on each node; B13 is the rule for that",
    },
    source: {
      ...overlay("").source,
      text: "Docker, Overlay network driver; RFC 4861, section 7.2.6: neighbours are told of a new MAC",
    },
  },
  M14: {
    ...overlay("the MTU fits a wire of less than 1500 bytes, on every interface of a container", [
      "multihost",
      "vxlan",
    ]),
    source: {
      text: "RFC 7348, section 4.3: VXLAN packets are not fragmented; RFC 8200, section 4.5: IPv6 packets only by their sender",
      url: "https://www.rfc-editor.org/rfc/rfc7348#section-4.3",
    },
  },
  M16: {
    ...overlay("after a time in which nobody learned anything, each side can open first", ["multihost"]),
    // A MUST: every host forgets its neighbours after a while (RFC 1122 requires it) and asks for them again. A network that carries only what it
    // has learned of late breaks that. The report has the path end "when traffic quiets"; moby#53663 mended it.
    source: {
      text: "RFC 1122, section 2.3.2.1, and RFC 4861, section 7.2.2: neighbours are forgotten, and asked for again; moby#52661: a path that ends when traffic quiets",
      url: "https://github.com/moby/moby/issues/52661",
    },
  },

  W5: discovery(
    "the name of a service gives exactly its tasks that run, on every node, also when they change",
    ["scheduling", "names"],
  ),

  X10a: {
    ...publishing(
      "containers of a routed network speak to the outside with their own address, at which published ports alone are reached",
      ["publish", "outbound", "gatewayModes"],
    ),
    promised: [
      { since: "27.0", test: "the external host, which has a route to the container" },
      { since: "28.0", test: "a container of another network" },
    ],
    source: gateways,
  },
  X10b: {
    ...publishing(
      "containers of an isolated network and their node do not reach each other; inside of it all works",
      ["internal", "gatewayModes"],
    ),
    promised: [{ since: "28.0" }],
    source: gateways,
  },
} as const satisfies Record<string, Requirement>;
