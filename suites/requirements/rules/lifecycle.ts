import type { Capability } from "#suites/requirements/capability.ts";
import type { Level, Requirement } from "#suites/requirements/requirement.ts";
import { laterOverIpv6 } from "./ipv6.ts";
import { moby } from "./moby.ts";

// Docker's documentation has no versions; these are the texts of one day.
const documentation =
  "https://github.com/docker/docs/blob/0f550540af081c9d18c5bee523917427158b3b03/content/manuals/engine";

function from(text: string, url: string, level: Level = "MUST") {
  return (title: string, capabilities: readonly Capability[] = []): Requirement => ({
    title,
    level,
    appliesTo: { capabilities },
    profile: "lifecycle",
    source: { text, url },
  });
}

const stopping = from(
  "Docker, network connect: pause, restart, and stop containers that are connected; libnetwork, Design: an endpoint leaves when its container is stopped; IEEE 802, section 8",
  "https://docs.docker.com/reference/cli/docker/network/connect/#pause-restart-and-stop-containers-that-are-connected",
);
const restartPolicies = `${documentation}/containers/start-containers-automatically.md`;
const automatic = from("Docker, Start containers automatically", restartPolicies);
const starting = from(
  "Docker, container start, of a container that the engine ended",
  "https://docs.docker.com/reference/cli/docker/container/start/",
);
const retries = from(
  "Docker Plugin API, Error handling and retries",
  "https://docs.docker.com/engine/extend/plugin_api/#error-handling-and-retries",
  "SHOULD",
);
const liveRestore = from("Docker, Live restore", `${documentation}/daemon/live-restore.md`, "SHOULD");

const flushing = from(
  "moby#12294: a restart of the engine restores rules that were flushed; GHSA-x4rx-4gw3-53p4 (CVE-2025-54388)",
  "https://github.com/moby/moby/security/advisories/GHSA-x4rx-4gw3-53p4",
  "SHOULD",
);
const removal = from(
  "Docker, node rm: an inaccessible node is removed by force; contiv/netplugin#726",
  "https://docs.docker.com/reference/cli/docker/node/rm/#force",
  "SHOULD",
);

/** Why a rule on containers that end and come back is not for CNI. */
export const noEngineAttaches = "no engine attaches its containers, so that none brings them back";

function byEngines(rule: Requirement): Requirement {
  return notOverCni(rule, noEngineAttaches);
}

function notOverCni(rule: Requirement, why: string): Requirement {
  return { ...rule, appliesTo: { ...rule.appliesTo, notOverCni: why } };
}

// A MUST: that is the engine's own promise. Of the plugin it is judged whether it gives up what it is told to, and takes it again.
const cutOff = from(
  "moby/libnetwork#606: what an engine left when it ended in disorder is cleaned up before anything new is given out",
  "https://github.com/moby/libnetwork/pull/606",
);
// A MUST, as all that this document says of addresses: what it has released is free.
const released = from(
  "IPAM Driver, IPAM Configuration and flow: an address is released with its endpoint; contiv/netplugin#1133, where failed starts used them up",
  `${moby}/daemon/libnetwork/docs/ipam.md#ipam-configuration-and-flow`,
);

/** As `byEngines`, of a rule whose tests reach the container over each IP version. */
function reachedAgain(rule: Requirement): Requirement {
  return { ...byEngines(rule), promised: [laterOverIpv6] };
}

/** What a network owes to containers and engines that end and come back. */
export const lifecycleRequirements = {
  B12: reachedAgain(
    stopping(
      "a container that is stopped has neither name nor port, and started again its own address, name and port, and a MAC that nobody else has",
    ),
  ),
  R6b: reachedAgain(
    starting(
      "after an engine was restarted or killed its containers, and new ones, have address, name and published port",
    ),
  ),
  M13: reachedAgain(
    removal(
      "when a node is lost for good, name, address and published port of its container can be had again on another node",
      ["multihost", "lostNodes"],
    ),
  ),
  R7: reachedAgain(
    automatic("a container with a restart policy comes back with its engine: attached, named, published"),
  ),
  R7b: {
    ...retries(
      "an engine starts and answers while its plugin is away, and its containers start once that is back",
    ),
    appliesTo: { capabilities: ["remote"] },
    promised: [laterOverIpv6],
  },
  R8: {
    ...cutOff(
      "an engine killed in the middle of a start leaves nothing behind, and address, name and port can be had again",
      ["remote"],
    ),
    promised: [laterOverIpv6],
  },
  R9: reachedAgain(
    liveRestore(
      "with live-restore a container runs on while its engine restarts, and has traffic, name and published port then",
    ),
  ),
  X9a: {
    ...flushing(
      "when a node's firewall was flushed and restored in the driver's way, published ports, egress and isolation are as before",
      ["publish"],
    ),
    promised: [laterOverIpv6],
  },
  X9b: {
    ...flushing(
      "while a node's firewall is flushed and restored, and after it, nothing but published ports is reached from outside",
      ["publish", "isolation"],
    ),
    promised: [{ since: "28.0" }, laterOverIpv6],
  },
  R10: notOverCni(
    released("a network whose pool is smaller than the number of failed starts still has an address to give"),
    "a runtime ends a start that failed with DEL; CNI-10c, CNI-10d and CNI-15d are the rules for what that gives back",
  ),
} as const satisfies Record<string, Requirement>;
