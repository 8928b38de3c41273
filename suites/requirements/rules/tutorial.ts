import type { Capability } from "#suites/requirements/capability.ts";
import type { ConformanceProfile, Requirement } from "#suites/requirements/requirement.ts";

const tutorial = "https://github.com/contiv/tutorial/blob/master/README.md";

function chapter(text: string, anchor: string, profile: ConformanceProfile) {
  return (title: string, capabilities: readonly Capability[] = []): Requirement => ({
    title,
    level: "MUST",
    appliesTo: { capabilities },
    profile,
    source: { text: `Containers Tutorial, ${text}`, url: `${tutorial}#${anchor}` },
  });
}

const setup = chapter("Setup", "setup", "setup");
const basics = chapter("Chapter 1", "chapter-1---introduction-to-container-networking", "basics");
const attachment = chapter("Chapter 1", "chapter-1---introduction-to-container-networking", "attachment");
const multihost = chapter("Chapter 2", "chapter-2-multi-host-networking", "multihost");
const external = chapter("Chapter 4", "chapter-4-connecting-containers-to-external-networks", "external");
const swarm = chapter("Chapter 6", "chapter-6-running-containers-in-a-swarm-cluster", "scheduling");
const overlayAgain = chapter("Chapter 6", "chapter-6-docker-overlay-multi-host-networking", "multihost");
const cleanup = chapter("Cleanup", "cleanup-after-all-play-is-done", "cleanup");

/** What the tutorial claims, in its own order. */
export const tutorialRequirements = {
  S1: setup("every node's engine answers, and its version, storage driver and kernel are on record"),
  S3: setup("eth0, eth1 and eth2 are up, eth1 reaches the other nodes, docker0 holds a subnet of its own"),
  S5: setup("a chapter starts from a cluster that carries nothing of another chapter"),

  B1: basics("the engine starts with the networks bridge, host and none"),
  B2: basics("container, network inspect and the interface inside agree on address, prefix and MAC"),
  B3: basics("a container's eth0 is one end of a veth pair whose other end is a port of the bridge"),
  B4: basics("a host outside sees the node's address as the source of a container's traffic", ["outbound"]),
  B5: basics("a running container joins and leaves a second network, next to networks of other drivers", [
    "hotplug",
  ]),
  B7: attachment(
    "a plugin is told container id and namespace, and answers what the container then has, until DEL takes it back",
    ["cni"],
  ),

  M1: multihost("a network created once is seen by every engine, with driver, scope and subnet", [
    "multihost",
  ]),
  M3: multihost("containers on different nodes get different addresses inside the subnet", ["multihost"]),
  M4: multihost("containers on different nodes reach each other by address", ["multihost"]),
  M5: multihost("containers on different nodes reach each other by name", ["multihost", "names"]),
  M6: multihost("traffic between nodes is VXLAN on the underlay, the inner packet never bare", [
    "multihost",
    "vxlan",
  ]),
  M7: multihost("network inspect lists the attached containers with address and MAC", ["multihost"]),
  M8: multihost("the MTU leaves room for the encapsulation, and nothing too large is lost in silence", [
    "multihost",
  ]),

  X1: external("a container has a second interface on docker_gwbridge, and its default route uses it", [
    "gwbridge",
  ]),
  X2: external("a container resolves an outside name and reaches it from the node's address", ["outbound"]),
  X3: external("a port is refused before it is published, and afterwards answered by the container", [
    "publish",
  ]),
  X4: external("the DNAT rule of a published port points at the container and goes with it", ["publish"]),

  W1: swarm("the scheduler lists every node as ready, with its capacity", ["scheduling"]),
  W2: swarm("workloads spread over the nodes, and the listing tells where each runs", ["scheduling"]),
  W3: swarm("scheduled workloads reach each other by name across nodes, and the outside", [
    "scheduling",
    "names",
    "outbound",
  ]),
  W4: swarm("a service keeps its number of workloads when one of them dies", ["scheduling"]),
  O1: overlayAgain("an overlay on a fresh subnet works on the same nodes after the other networks are gone", [
    "multihost",
  ]),

  C1: cleanup("after a chapter nothing of it is left on any node"),
  C2: cleanup("the cluster is destroyed without a trace, also after an interrupted run"),
} as const satisfies Record<string, Requirement>;
