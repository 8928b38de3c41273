import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { hastenRotation } from "#harness/cluster/engines/rotation/rotation.ts";
import { clusterStoreOf } from "#harness/cluster/features/cluster-store.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, didNotCome } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { restartEngine } from "#harness/workload/docker/engine/ends.ts";
import { removeNetwork } from "#harness/workload/docker/network.ts";
import type { NetworkListing } from "./driver.ts";
import { dockerDriver, firstNode } from "./kit/docker-driver/docker-driver.ts";
import { restartForFirewall } from "./kit/restore-firewall.ts";

/**
 * Docker's own overlay in swarm mode: node1 manages, networks are attachable, eth2 carries the VXLAN. Where the engines have a
 * cluster store, which excludes swarm mode, networks are shared by that, and eth1 carries the VXLAN.
 *
 * Without `ipv6`: Docker does not mean it to have IPv6 (moby#48116). With `--ipv6 --subnet fd…` it makes a network whose pool engine 28.5
 * cannot allocate. Engine 26.1 attaches some containers, and refuses others, whose addresses it finds in none of its subnets (moby#52469).
 */
export default dockerDriver({
  name: "overlay",
  title: "Docker overlay (swarm mode)",
  capabilities: [
    "multihost",
    "vxlan",
    "names",
    "outbound",
    "publish",
    "sctp",
    "gwbridge",
    "hotplug",
    "isolation",
    "internal",
    "encrypted",
    "scheduling",
    "lostNodes",
  ],
  needs: { multihost: ["vxlan"], vxlan: ["vxlan"], sctp: ["sctp"], encrypted: ["esp"] },

  underlay: async (cluster) => ((await haveClusterStore(cluster)) ? "control" : "data"),
  driver: "overlay",
  createOn: "first",
  network: () => ({ attachable: true }),
  // Its presence is what counts, whatever the value: the engine's command line sends it empty.
  options: ({ encrypted, mtu }) => ({
    ...(encrypted ? { encrypted: "" } : {}),
    ...(mtu ? { "com.docker.network.driver.mtu": String(mtu) } : {}),
  }),
  connect: (cluster) => ({
    listNetworks: () => listOverlays(firstNode(cluster)),
    restoreFirewall: restartForFirewall,
    rotateKeys: (scope) => rotateKeys(scope, cluster),
    giveUpNode: (scope, node) => giveUpNode(scope, cluster, node),
  }),
  // What a swarm is formed of, and what it leaves behind, is of Docker's overlay alone.
  async start(scope, cluster, session) {
    if (!(await haveClusterStore(cluster))) await formSwarm(scope, cluster, session);
  },
});

/** The overlays that an engine knows, with the VNIs that it gave them; of those without a subnet nothing is told. */
async function listOverlays(node: ClusterNode): Promise<NetworkListing[]> {
  const networks = (await node.docker.listNetworks({ filters: { driver: ["overlay"] } })) as Overlay[];
  return networks.flatMap(({ Name: name, Options, IPAM }) => {
    const tags = (Options?.["com.docker.network.driver.overlay.vxlanid_list"] ?? "").split(",");
    return (IPAM?.Config ?? []).map(({ Subnet: subnet = "", Gateway: gateway = "" }, index) => ({
      ...{ tenant: "default", name, encap: "vxlan" as const, tag: Number(tags[index]), subnet, gateway },
    }));
  });
}

interface Overlay {
  Name: string;
  Options?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] | null };
}

async function haveClusterStore({ nodes }: Pick<Cluster, "nodes">): Promise<boolean> {
  const stores = await Promise.all(nodes.map(clusterStoreOf));
  return stores.every((store) => store !== "");
}

/**
 * Makes the cluster one swarm and waits until every node is ready; a swarm that stands already is used and stays. All of it is on the
 * data network: where a swarm's data path has an address of its own, engines encrypt for another one (moby#41421).
 */
async function formSwarm(scope: Scope, cluster: Cluster, session: Scope): Promise<void> {
  const manager = firstNode(cluster);
  const workers = cluster.nodes.filter((node) => node !== manager);
  await Promise.all(cluster.nodes.map((node) => removeGatewayBridgeLater(scope, cluster, node)));
  if (!(await inSwarm(manager))) {
    const { address } = manager.interfaces.data;
    await asked(
      manager,
      manager.docker.swarmInit({
        ListenAddr: `${address}:2377`,
        AdvertiseAddr: address,
      }),
    );
    leaveLater(scope, cluster, manager, session);
  }
  await Promise.all(
    workers.map(async (worker) => {
      if (await inSwarm(worker)) return;
      await joinSwarm(worker, manager);
      leaveLater(scope, cluster, worker, session);
    }),
  );
  await waitForSwarm(cluster);
}

async function joinSwarm(worker: ClusterNode, manager: ClusterNode): Promise<void> {
  const { JoinTokens } = await manager.docker.swarmInspect();
  const { address } = worker.interfaces.data;
  await asked(
    worker,
    worker.docker.swarmJoin({
      ListenAddr: `${address}:2377`,
      AdvertiseAddr: address,
      RemoteAddrs: [`${manager.interfaces.data.address}:2377`],
      JoinToken: JoinTokens.Worker,
    }),
  );
}

/** A worker whose manager was restarted looks for it once a minute. */
const readyMs = 90_000;

async function waitForSwarm(cluster: Cluster): Promise<void> {
  const manager = firstNode(cluster);
  await until({ what: "every node to be ready in the swarm", deadlineMs: readyMs }, async () => {
    const nodes = (await manager.docker.listNodes()) as { Status?: { State?: string } }[];
    return nodes.filter((node) => node.Status?.State === "ready").length === cluster.nodes.length;
  });
  await Promise.all(cluster.nodes.map(waitForIngress));
}

/** Longer than it takes until every node has the keys: a node keeps three of them. */
const rotationMs = 10_000;

async function rotateKeys(scope: Scope, cluster: Cluster): Promise<void> {
  if (await haveClusterStore(cluster))
    throw new Blocked("engines with a cluster store have the keys that it holds");
  // Closed after the engine has its own program again.
  scope.defer("the swarm at rest", () => waitForSwarm(cluster));
  await hastenRotation(scope, firstNode(cluster), scaled(rotationMs));
  await waitForSwarm(cluster);
}

/** Engines take it for gone when it has not answered for some seconds, and tell each other. */
const givenUpMs = 60_000;

/**
 * Where an engine keeps that it is in a swarm, unless it was told another folder. One that the manager has removed asks it again and again, and
 * answers nobody before 20 s of that have passed (moby, daemon/cluster, swarmConnectTimeout).
 */
const swarmFolder = "/var/lib/docker/swarm";

/** `docker node rm --force`; what the manager had given to the node's containers it takes back. The node itself forgets the swarm. */
async function giveUpNode(scope: Scope, cluster: Cluster, node: ClusterNode): Promise<void> {
  const others = cluster.nodes.filter((other) => other !== node);
  if (await haveClusterStore({ nodes: others }))
    throw new Blocked("engines with a cluster store have no word for a node that is lost");
  const manager = firstNode(cluster);
  if (node === manager) throw new Blocked(`${node.name} is the swarm's only manager`);
  scope.defer(`${node.name} in the swarm`, async () => {
    if (!(await leaveSwarm(node))) await silence(node);
    await joinSwarm(node, manager);
    await waitForSwarm(cluster);
  });
  const { address } = node.interfaces.data;
  const listed = (await manager.docker.listNodes()) as { ID: string; Status?: { Addr?: string } }[];
  const lost = listed.filter(({ Status }) => Status?.Addr === address);
  await Promise.all(lost.map(({ ID }) => manager.docker.getNode(ID).remove({ force: true })));
  await node.run(["rm", "-rf", swarmFolder]);
  await until({ what: `the other engines to give ${node.name} up`, deadlineMs: givenUpMs }, async () => {
    const peers = await Promise.all(others.map(peersOf));
    return !peers.flat().includes(address);
  });
}

/** Addresses of the nodes that an engine believes to be in the ingress network, which is on all of them. */
async function peersOf(node: ClusterNode): Promise<string[]> {
  const ingress = (await node.docker.getNetwork("ingress").inspect()) as { Peers?: { IP: string }[] | null };
  return (ingress.Peers ?? []).map(({ IP }) => IP);
}

/**
 * What a node is asked for to be in a swarm. Throws `Blocked` with the engine's words where one of its flags excludes swarm
 * mode, e.g. `--firewall-backend=nftables` or `--live-restore`.
 */
async function asked<T>(node: ClusterNode, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { json, message } = error as Error & { json?: { message?: string } };
    const said = json?.message ?? message;
    if (!/incompatible with swarm mode/.test(said)) throw error;
    throw new Blocked(`${node.name}: ${said.trim()}`, { cause: error });
  }
}

/** Engines make docker_gwbridge for a swarm, and keep it when they leave. */
async function removeGatewayBridgeLater(scope: Scope, cluster: Cluster, node: ClusterNode): Promise<void> {
  const name = "docker_gwbridge";
  const networks = await node.docker.listNetworks();
  if (networks.some((network) => network.Name === name)) return;
  scope.defer(`${name} on ${node.name}`, async () => {
    if (!cluster.ending) await removeNetwork(node, name);
  });
}

/** A node is ready some time before it has built its ingress network, which every later chapter would find "left behind". */
async function waitForIngress(node: ClusterNode): Promise<void> {
  await until({ what: `the ingress network on ${node.name}`, deadlineMs: 30_000 }, async () => {
    const [ingress, gwbridge] = await Promise.all(
      ["ingress", "docker_gwbridge"].map((name) => node.docker.getNetwork(name).inspect()),
    );
    const has = (network: { Containers?: object | undefined } | undefined, endpoint: string) =>
      Object.keys(network?.Containers ?? {}).includes(endpoint);
    return has(ingress, "ingress-sbox") && has(gwbridge, "ingress-sbox");
  });
}

/** Of engines in a swarm (Docker, "Open protocols and ports between the hosts"). */
const gossipPort = 7946;

async function inSwarm(node: ClusterNode): Promise<boolean> {
  const info = await node.docker.info();
  return info.Swarm?.LocalNodeState === "active";
}

/**
 * An engine that was killed before waits for half a minute until it has left: nobody does who removes it anyway. One that has to be started
 * anew is when `session` closes, if that goes on for longer: containers of somebody else may run there, and end with it.
 */
function leaveLater(scope: Scope, cluster: Cluster, node: ClusterNode, session: Scope): void {
  scope.defer(`swarm on ${node.name}`, async () => {
    if (cluster.ending || (await leaveSwarm(node))) return;
    if (session.closed) return silence(node);
    session.defer(`the gossip of ${node.name}`, async () => {
      if (!cluster.ending) await silence(node);
    });
  });
}

/** The gossip of an engine that was left ends within some seconds, or not at all. */
const silentMs = 20_000;

/**
 * Resolves once the engine's gossip has ended, which is some time after it has left: its port would be found "left behind" by who looks next.
 * An engine in which it does not end (seen now and then on 26.1) joins no swarm any more: then it resolves to `false`.
 */
async function leaveSwarm(node: ClusterNode): Promise<boolean> {
  const { Swarm } = await node.docker.info();
  // One that looks for its manager is in it as well.
  if (["inactive", "", undefined].includes(Swarm?.LocalNodeState)) return true;
  await node.docker.swarmLeave({ force: true });
  try {
    await untilSilent(node);
    return true;
  } catch (error) {
    if (!didNotCome(error)) throw error;
    return false;
  }
}

/** Starts an engine anew whose gossip does not end. */
async function silence(node: ClusterNode): Promise<void> {
  await restartEngine(node);
  await untilSilent(node);
}

async function untilSilent(node: ClusterNode): Promise<void> {
  const listening = ["ss", "--listening", "--tcp", "--udp", "--numeric", "--processes", "--no-header"];
  await until({ what: `the gossip of ${node.name} to end`, deadlineMs: silentMs, everyMs: 100 }, async () => {
    const listeners = await node.run([...listening, "sport", "=", `:${gossipPort}`]);
    return !listeners.includes('"dockerd"');
  });
}
