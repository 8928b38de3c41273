import { join } from "node:path";
import { daemonsOf, etcdOf, firstOf, netmasterOf, pluginSocket } from "#drivers/contiv/daemons/daemons.ts";
import { answers, folder, logFolder } from "#drivers/contiv/daemons/places.ts";
import type { NetctlPlace } from "#drivers/contiv/netctl.ts";
import { ensureGatewayBridge } from "#drivers/kit/gateway-bridge.ts";
import { clusterStore } from "#drivers/kit/nodes/cluster-store.ts";
import { recordPlugin } from "#drivers/kit/recorder/record-plugin.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { clusterStoreOf } from "#harness/cluster/features/cluster-store.ts";
import type { DriverAttachment } from "#harness/cluster/state.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { startAfresh } from "./afresh.ts";
import { prepareDataplane } from "./dataplane.ts";
import { findNetctl, putPrograms, type Release } from "./release.ts";

const nodePorts = "CONTIV-NODEPORT";
/** The chain, what leads to it, and the egress of containers through netplugin's own interface. */
const ofNetplugin = /CONTIV-NODEPORT| contivh0 /;
const tools = ["ovs-vsctl", "ethtool", "curl", "python3", "start-stop-daemon"];

/**
 * Puts a release on the nodes and starts everything in order: Open vSwitch, etcd, the engines with a cluster store, netmaster,
 * netplugin. Does not do again what is there already. Throws `Blocked` when the engines have no cluster store.
 * What engines and netplugin exchange is written below `reports`. `session` closes with the run.
 */
export async function installRelease(
  scope: Scope,
  cluster: Cluster,
  release: Exclude<Release, { kind: "running" }>,
  { session, reports }: { readonly session: Scope; readonly reports: string },
): Promise<DriverAttachment> {
  const store = await cluster.offers("clusterStore");
  if (!store.offered) throw new Blocked(`Contiv needs an engine with a cluster store: ${store.reason}`);
  const first = firstOf(cluster);
  await Promise.all(
    cluster.nodes.map((node) => checkTools(node, node === first ? [...tools, "etcd"] : tools)),
  );
  await Promise.all(
    cluster.nodes.map(async (node) => {
      if (await node.files.exists(folder)) return;
      scope.defer(`${folder} on ${node.name}`, () => node.run(["rm", "-rf", folder, logFolder]));
      await putPrograms(node, release);
    }),
  );
  const tunnelEnds = await Promise.all(
    cluster.nodes.map((node, index) => prepareDataplane(scope, node, index + 1)),
  );
  // The kit's daemon() would start and remove each by itself; here engines restart between etcd and netmaster, which goes before
  // them again, and netplugin leaves sockets.
  const daemons = daemonsOf(cluster, tunnelEnds);
  scope.defer("etcd", () => daemons.etcd.stop());
  await daemons.etcd.start();
  await Promise.all(
    cluster.nodes.map((node) => clusterStore(scope, node, etcdOf(cluster).replace("http", "etcd"))),
  );
  scope.defer("netmaster", () => daemons.netmaster.stop());
  await Promise.all(cluster.nodes.map((node) => removeRulesLater(scope, node)));
  for (const netplugin of daemons.netplugins) {
    const remove = async () => {
      await netplugin.stop();
      // It leaves its sockets, an engine's and one for a scheduler.
      await netplugin.node.run(["rm", "-rf", pluginSocket, "/run/contiv"]);
    };
    scope.defer(`netplugin on ${netplugin.node.name}`, remove, { kind: "netplugin" });
  }
  await startAfresh(cluster, daemons, tunnelEnds);
  const place = { program: `${folder}/bin/netctl`, netmaster: netmasterOf(cluster) };
  await Promise.all(cluster.nodes.map((node) => offerNetctl(scope, node, place)));
  await Promise.all(cluster.nodes.map((node) => ensureGatewayBridge(scope, node)));
  const proxies = session.child("the proxies between engines and netplugin");
  scope.defer("the proxies between engines and netplugin", () => proxies.close());
  const transcript = join(reports, "transcripts", `${cluster.id}-protocol.jsonl`);
  const recorded = await recordPlugin(proxies, cluster, { socket: pluginSocket }, { transcript });
  return {
    netctl: place.program,
    netmaster: place.netmaster,
    tunnelEnds: tunnelEnds.join(" "),
    ...recorded,
  };
}

/**
 * Finds a Contiv that is installed and runs already. Nothing of it is changed. Throws `Blocked` when the
 * engines have no cluster store, `HarnessError` when netmaster does not answer.
 */
export async function attachToRunning(scope: Scope, cluster: Cluster): Promise<DriverAttachment> {
  const first = firstOf(cluster);
  for (const node of cluster.nodes) {
    if ((await clusterStoreOf(node)) !== "") continue;
    const { Version } = await node.docker.version();
    throw new Blocked(`Docker ${Version} on ${node.name} runs without a cluster store, which Contiv needs`);
  }
  const netctl = await findNetctl(first);
  for (const netmaster of ["http://netmaster:9999", netmasterOf(cluster), "http://127.0.0.1:9999"]) {
    if (!(await answers(first, `${netmaster}/api/v1/tenants/default/`))) continue;
    await Promise.all(cluster.nodes.map((node) => ensureGatewayBridge(scope, node)));
    return { netctl, netmaster };
  }
  throw new HarnessError(`CONTIV=running: no netmaster answers on port 9999, asked from ${first.name}`, {
    hint: "start it, or have CONTIV name a release for the suite to install",
  });
}

/** Puts the command `netctl` onto a node as people type it, and as texts do. One that is there already stays. */
async function offerNetctl(
  scope: Scope,
  node: ClusterNode,
  { program, netmaster }: NetctlPlace,
): Promise<void> {
  const command = "/usr/local/bin/netctl";
  if (await node.files.exists(command)) return;
  scope.defer(`netctl on ${node.name}`, () => node.files.remove(command));
  const script = `#!/bin/sh\nNETMASTER=\${NETMASTER:-${netmaster}} exec ${program} "$@"\n`;
  await node.files.write(command, script, 0o755);
}

async function checkTools(node: ClusterNode, needed: readonly string[]): Promise<void> {
  const lacks = [];
  for (const tool of needed) {
    if ((await node.exec(["sh", "-c", 'command -v "$1"', "sh", tool])).code !== 0) lacks.push(tool);
  }
  if (lacks.length === 0) return;
  throw new HarnessError(`${node.name} lacks ${lacks.join(", ")}, which Contiv needs`, {
    hint: "install the packages openvswitch-switch, ethtool, curl, python3, dpkg and, on the first node, etcd-server",
  });
}

/** netplugin writes NAT rules, a chain for its node ports among them, and leaves them. */
async function removeRulesLater(scope: Scope, node: ClusterNode): Promise<void> {
  const iptables = ["iptables", "--wait", "-t", "nat"];
  if ((await node.exec([...iptables, "--list-rules", nodePorts])).code === 0) return;
  scope.defer(`netplugin's NAT rules on ${node.name}`, async () => {
    const rules = (await node.run([...iptables, "--list-rules"])).split("\n");
    for (const rule of rules.filter((line) => line.startsWith("-A ") && ofNetplugin.test(line))) {
      await node.run([...iptables, ...rule.replace("-A", "--delete").split(" ")]);
    }
    if (rules.includes(`-N ${nodePorts}`)) await node.run([...iptables, "--delete-chain", nodePorts]);
  });
}
