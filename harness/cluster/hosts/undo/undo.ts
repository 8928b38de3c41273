import type Docker from "dockerode";
import { mendClock } from "#harness/cluster/engines/loss/clock.ts";
import { mendWires } from "#harness/cluster/engines/loss/wires.ts";
import { endHastenedRotation } from "#harness/cluster/engines/rotation/rotation.ts";
import { stopWebServer } from "#harness/cluster/external/external-host.ts";
import { until } from "#harness/core/async/poll.ts";
import { servesOpenVswitch } from "#harness/host/setup/open-vswitch.ts";
import type { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { readAddressing, undoAddressing } from "./addressing.ts";
import { readEngineConfiguration, startAgain, undoEngineConfiguration } from "./engine-configuration.ts";
import { hasCniChains, removeCniChains, removeOwnRules } from "./firewall.ts";
import { type HostMarker, removeMarker } from "./marker.ts";
import { stubPlugins } from "./plugin-stub.ts";

/** Folders of relays that are gone; one that still listens belongs to a connection of this run. */
const removeSockets = `
  listening=$(ss -Hxl)
  for folder in /tmp/netconform-sockets-*; do
    case $listening in *"$folder/"*) ;; *) rm -rf "$folder" ;; esac
  done`;

/** Patterns of a shell: what drivers and chapters put on nodes, also leases of CNI networks with the project's names. */
const nodeFiles = [
  ...["/run/netconform", "/run/netconform-*", "/var/log/netconform-bird-*"],
  "/var/lib/cni/networks/cni-????????",
];

/** What a host has now of the things that a marker lists. */
export async function listBefore(
  host: SshHost,
  image: string,
  isNode: boolean,
): Promise<HostMarker["before"]> {
  const [links, namespaces, plugins, addressing, cniChains, engineConfiguration] = await Promise.all([
    host.run(["ls", "/sys/class/net"]),
    host.exec(["ls", "/run/netns"]),
    host.exec(["ls", "/run/docker/plugins"]),
    readAddressing(host),
    hasCniChains(host),
    isNode ? readEngineConfiguration(host) : null,
  ]);
  const names = (text: string) => text.split("\n").filter(Boolean);
  const engine = isNode
    ? await engineBefore(host.docker, image)
    : { swarm: false, networks: [], image: true };
  return {
    ...engine,
    imageName: image,
    links: names(links),
    namespaces: names(namespaces.stdout),
    plugins: names(plugins.stdout),
    ...{ addressing, cniChains, engineConfiguration },
  };
}

async function engineBefore(docker: Docker, image: string) {
  const [info, networks, images] = await Promise.all([
    docker.info() as Promise<{ Swarm?: { LocalNodeState?: string } }>,
    docker.listNetworks(),
    docker.listImages({ filters: { reference: [image] } }),
  ]);
  return {
    swarm: info.Swarm?.LocalNodeState === "active",
    networks: networks.map(({ Name }) => Name),
    image: images.length > 0,
  };
}

/**
 * Takes away from a node whatever a run left there, however it ended: what carries the project's label, a swarm and its
 * networks that were not there before, an engine's program and configuration that are not its own, the workload image, interfaces, bridges of
 * Open vSwitch and namespaces with the project's names, addresses and routes in its subnets, rules, sockets of plugins, files. Wires that were
 * cut are mended, a clock that was set ahead is set right, an engine that was stopped is started. Idempotent. The marker goes last.
 */
export async function undoOnNode(host: SshHost, { id, before }: HostMarker): Promise<void> {
  const { docker } = host;
  await mendWires(host);
  await mendClock(host);
  await startAgain(host);
  await endHastenedRotation(host);
  const label = { filters: { label: ["netconform"] } };
  const manages = ((await docker.info()) as { Swarm?: { ControlAvailable?: boolean } }).Swarm
    ?.ControlAvailable;
  if (manages) {
    const services = await docker.listServices(label);
    await Promise.all(services.map(({ ID }) => gone(docker.getService(ID).remove())));
  }
  if (!before.swarm) await leaveSwarm(docker);
  await removeWorkload(host, label);
  // Brackets keep the pattern from finding the command that looks for it.
  await host.exec(["pkill", "--full", "[/]run/netconform[-/]"]);
  await undoNames(host, before);
  await undoAddressing(host, id, before.addressing);
  await removeOwnRules(host);
  if (!before.cniChains) await removeCniChains(host);
  await host.run(["sh", "-c", `rm -rf ${nodeFiles.join(" ")}; ${removeSockets}`]);
  await undoEngineConfiguration(host, before.engineConfiguration);
  if (!before.networks.includes("docker_gwbridge"))
    await removeNetwork(host, "docker_gwbridge", "docker_gwbridge");
  if (!before.image) await gone(docker.getImage(before.imageName).remove({ force: true }));
  await removeMarker(host);
}

/** Containers and networks, about which engines ask plugins that may be gone. */
async function removeWorkload(host: SshHost, label: { filters: { label: string[] } }): Promise<void> {
  const { docker } = host;
  const networks = await docker.listNetworks(label);
  await using _ = await stubPlugins(host, networks);
  const containers = await docker.listContainers({ all: true, ...label });
  await Promise.all(
    containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
  );
  await Promise.all(networks.map(({ Id, Name }) => removeNetwork(host, Id, Name)));
}

/** The same on the host beside the nodes. */
export async function undoOnExternalHost(
  host: SshHost,
  { id, before }: HostMarker,
  httpPort: number,
): Promise<void> {
  await stopWebServer(host, httpPort);
  await host.exec(["pkill", "--full", "[/]run/netconform-bird-"]);
  await undoNames(host, before);
  await undoAddressing(host, id, before.addressing);
  await host.run(["sh", "-c", `rm -rf /run/netconform-bird-* /var/log/netconform-bird-*; ${removeSockets}`]);
  await removeMarker(host);
}

async function undoNames(host: SshHost, before: HostMarker["before"]): Promise<void> {
  const script = `
    known() { printf '%s\\n' "$1" | grep -qx -- "$2"; }
    ours() { printf '%s\\n' "$1" | grep -qxE -- '(nc-?[a-z0-9].*|n[ghop][0-9a-f]{11}|nv[0-9]+|nr[0-9a-f]{4})'; }
    for bridge in $(${servesOpenVswitch} && ovs-vsctl --timeout=10 list-br 2>/dev/null); do
      ours "$bridge" && { known "$1" "$bridge" || ovs-vsctl --timeout=10 --if-exists del-br "$bridge"; }
    done
    for link in $(ls /sys/class/net); do
      ours "$link" && { known "$1" "$link" || ip link del "$link" 2>/dev/null; }
    done
    for name in $(ls /run/netns 2>/dev/null); do
      case $name in nc*|nr????|c-????????) known "$2" "$name" || ip netns del "$name" 2>/dev/null ;; esac
    done
    for name in $(ls /run/docker/plugins 2>/dev/null); do
      [ -S "/run/docker/plugins/$name" ] && { known "$3" "$name" || rm -f "/run/docker/plugins/$name"; }
    done
    true`;
  const lines = [before.links, before.namespaces, before.plugins].map((names) => names.join("\n"));
  await host.run(["sh", "-c", script, "sh", ...lines]);
}

async function leaveSwarm(docker: Docker): Promise<void> {
  const info = (await docker.info()) as { Swarm?: { LocalNodeState?: string } };
  if (["inactive", "", undefined].includes(info.Swarm?.LocalNodeState)) return;
  await docker.swarmLeave({ force: true });
}

/** The engine refuses while it still tears endpoints down. */
async function removeNetwork({ name: host, docker }: SshHost, id: string, name: string): Promise<void> {
  await until({ what: `network ${name} to be removable on ${host}`, deadlineMs: 30_000 }, async () => {
    await gone(docker.getNetwork(id).remove());
    return true;
  });
}

async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: { statusCode?: number }) => {
    if (error.statusCode !== 404) throw error;
  });
}
