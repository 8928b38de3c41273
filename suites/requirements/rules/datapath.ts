import type { Capability } from "#suites/requirements/capability.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

// Docker's documentation has no versions; these are the texts of one day.
const documentation =
  "https://github.com/docker/docs/blob/0f550540af081c9d18c5bee523917427158b3b03/content/manuals/engine/network";

function from(text: string, page: string) {
  return (title: string, capabilities: readonly Capability[] = []): Requirement => ({
    title,
    level: "MUST",
    appliesTo: { capabilities },
    profile: "datapath",
    source: { text: `Docker, ${text}`, url: `${documentation}/${page}` },
  });
}

const networks = from("Networking overview, User-defined networks", "_index.md#user-defined-networks");
const several = from(
  "Networking overview, Connecting to multiple networks",
  "_index.md#connecting-to-multiple-networks",
);
const bridge = from("Bridge network driver", "drivers/bridge.md");
const internal: Requirement["source"] = {
  text: "Docker, network create, Network internal mode; GHSA-mq39-4gv4-mvpx",
  url: "https://docs.docker.com/reference/cli/docker/network/create/#internal",
};
const publishing = from("Port publishing and mapping", "port-publishing.md#publishing-ports");

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
    source: internal,
  },
  B11: several(
    "a container of two networks reaches the peers of both and the outside, also once it left the first one",
    ["hotplug", "outbound"],
  ),

  X5a: publishing(
    "a published port leads to the container's port from outside, from another node and from the node, for TCP and UDP",
    ["publish"],
  ),
  X5b: publishing(
    "a published port is reached by the container itself, its neighbours and containers of other networks",
    ["publish"],
  ),
  X6: publishing("nothing but published ports is reached from another host", ["publish", "isolation"]),
  X8a: publishing(
    "ports that the engine chooses differ, a port that is taken is refused by name, and goes with its container",
    ["publish"],
  ),
  X8b: publishing("a published port stays what it is while its container joins and leaves networks", [
    "publish",
    "hotplug",
  ]),
} as const satisfies Record<string, Requirement>;
