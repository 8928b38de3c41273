import { z } from "zod";
import { Daemon } from "#drivers/kit/daemon/daemon.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { answers, folder, logFolder } from "./places.ts";

/** Socket at which netplugin serves the engine of its node. */
export const pluginSocket = "/run/docker/plugins/netplugin.sock";
/** What netplugin tells of its switches. */
const inspection = "http://127.0.0.1:9090/inspect/driver";
const modes = ["--mode", "docker", "--netmode", "vlan", "--fwdmode", "bridge"];

/** Contiv's daemons on a cluster, in the order in which they start. */
export interface ContivDaemons {
  readonly etcd: Daemon;
  readonly netmaster: Daemon;
  /** One for each node. */
  readonly netplugins: readonly Daemon[];
}

/** The node that has etcd and netmaster, and on which netctl runs. */
export function firstOf({ nodes }: Pick<Cluster, "nodes">): ClusterNode {
  const [first] = nodes;
  if (!first) throw new HarnessError("Contiv needs at least one node");
  return first;
}

/** Client address of etcd, as Contiv has it. */
export function etcdOf(cluster: Pick<Cluster, "nodes">): string {
  return `http://${firstOf(cluster).interfaces.control.address}:2379`;
}

/** REST endpoint of netmaster. */
export function netmasterOf(cluster: Pick<Cluster, "nodes">): string {
  return `http://${firstOf(cluster).interfaces.control.address}:9999`;
}

/** The daemons on a cluster; `tunnelEnds`: address of each node's end of the VXLAN tunnels. */
export function daemonsOf(cluster: Pick<Cluster, "nodes">, tunnelEnds: readonly string[]): ContivDaemons {
  const first = firstOf(cluster);
  const { address } = first.interfaces.control;
  const [store, netmaster] = [etcdOf(cluster), netmasterOf(cluster)];
  return {
    etcd: new Daemon({
      node: first,
      part: "environment",
      log: `${logFolder}/etcd.log`,
      argv: [
        "/usr/bin/etcd",
        ...["--name", "contiv", "--data-dir", `${folder}/etcd`, "--enable-v2"],
        ...["--listen-client-urls", store, "--advertise-client-urls", store],
        ...["--listen-peer-urls", `http://${address}:2380`],
        ...["--initial-advertise-peer-urls", `http://${address}:2380`],
        ...["--initial-cluster", `contiv=http://${address}:2380`],
      ],
      // The API that engines and Contiv speak, not the newer one's health alone.
      ready: (host) => answers(host, `${store}/v2/keys/`),
    }),
    netmaster: new Daemon({
      node: first,
      log: `${logFolder}/netmaster.log`,
      argv: [
        `${folder}/bin/netmaster`,
        ...[...modes, "--etcd", store],
        ...["--listen-url", "0.0.0.0:9999", "--control-url", `${address}:9999`],
      ],
      // It makes the default tenant before it takes orders.
      ready: (host) => answers(host, `${netmaster}/api/v1/tenants/default/`),
    }),
    netplugins: cluster.nodes.map((node, index) => {
      const end = tunnelEnds[index] ?? "";
      return new Daemon({
        node,
        log: `${logFolder}/netplugin.log`,
        argv: [
          `${folder}/bin/netplugin`,
          ...[...modes, "--etcd", store, "--vlan-if", node.interfaces.data.device],
          ...["--ctrl-ip", node.interfaces.control.address, "--vtep-ip", end],
        ],
        ready: activates,
        socket: pluginSocket,
      });
    }),
  };
}

/** Starts what does not run, in the right order; the engines are between etcd and netmaster. */
export async function startContiv(
  { etcd, netmaster, netplugins }: ContivDaemons,
  tunnelEnds: readonly string[],
): Promise<void> {
  await etcd.start();
  await netmaster.start();
  await Promise.all(netplugins.map((netplugin) => netplugin.start()));
  await Promise.all(
    netplugins.map(({ node: host }, index) => {
      const others = tunnelEnds.filter((_, one) => one !== index);
      return until(
        { what: `tunnels from ${host.name} to ${others.join(", ")}`, deadlineMs: 60_000, everyMs: 200 },
        async () => {
          const present = await switchesOf(host);
          return others.every((other) => present?.includes(other));
        },
      );
    }),
  );
}

/** Ends netmaster and the netplugins without warning. */
export async function killContiv({ netmaster, netplugins }: ContivDaemons): Promise<void> {
  await Promise.all([netmaster, ...netplugins].map((daemon) => daemon.kill()));
}

/**
 * Looks for daemons that have ended, and starts them again. Resolves to what had ended where, with the end of its log;
 * empty when all run.
 */
export async function revive(daemons: ContivDaemons, tunnelEnds: readonly string[]): Promise<string[]> {
  const all = [daemons.etcd, daemons.netmaster, ...daemons.netplugins];
  const run = await Promise.all(all.map((daemon) => daemon.runs()));
  const ended = all.filter((_, index) => !run[index]);
  if (ended.length === 0) return [];
  const words = await Promise.all(ended.map((daemon) => daemon.lastWords()));
  await startContiv(daemons, tunnelEnds);
  return ended.map(
    ({ name, node }, index) => `${name} on ${node.name} had ended; the end of its log:\n${words[index]}`,
  );
}

/** Does as an engine does that first meets a plugin; the socket comes before the rest of netplugin. */
async function activates(host: Host): Promise<boolean> {
  if ((await host.exec(["test", "-S", pluginSocket])).code !== 0) return false;
  const asked = await host.exec([
    ...["curl", "--silent", "--fail", "--max-time", "5", "--request", "POST"],
    ...["--unix-socket", pluginSocket, "http://plugin/Plugin.Activate"],
  ]);
  return asked.stdout.includes("NetworkDriver") && (await switchesOf(host)) !== undefined;
}

const switchState = z.object({
  IsConnected: z.boolean(),
  MasterDb: z.record(z.string(), z.unknown()),
  VtepTable: z.record(z.string(), z.unknown()),
});

/**
 * The other ends of the tunnels that netplugin has set up. `undefined` while it does not tell (it does when it has started), or one of
 * its switches has neither the bridge nor netmaster.
 */
async function switchesOf(host: Host): Promise<string[] | undefined> {
  const told = await host.exec(["curl", "--silent", "--fail", "--max-time", "5", inspection]);
  if (told.code !== 0) return undefined;
  const { vxlan, vlan } = z.object({ vxlan: switchState, vlan: switchState }).parse(JSON.parse(told.stdout));
  const ready = [vxlan, vlan].every((one) => one.IsConnected && Object.keys(one.MasterDb).length > 0);
  return ready ? Object.keys(vxlan.VtepTable) : undefined;
}
