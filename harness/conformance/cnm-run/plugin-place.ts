import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { ClusterStates } from "#harness/cluster/state.ts";
import { type PluginSocket, pluginSocket } from "#harness/cnm/client/client.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Host } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** Where a plugin under test listens, and where it works. */
export interface PluginPlace {
  readonly socket: PluginSocket;
  /** The machine whose interfaces the plugin makes. Throws `Blocked` where it cannot be looked at from here. */
  host(): Host;
  /** From where the socket is reached at its address. */
  readonly near: Host;
}

/**
 * The plugin at `PLUGIN`: on this machine, at `tcp://HOST:PORT`, or on a node of a cluster that is up (`node1:/path`, `ID/node1:/path`).
 * Throws `UsageError` where there is no such node, or where more than one cluster has it.
 */
export async function locatePlugin(
  { PLUGIN, CACHE }: { readonly PLUGIN: string } & Pick<Settings, "CACHE">,
  scope: Scope,
): Promise<PluginPlace> {
  const [, id, name, path] = /^(?:([^/:]+)\/)?([^/:]+):(\/[^/].*)$/.exec(PLUGIN) ?? [];
  if (name === undefined || path === undefined) {
    const here = await isHere(PLUGIN);
    const local = new LocalHost();
    return { socket: pluginSocket(PLUGIN), host: () => (here ? local : notToBeSeen(PLUGIN)), near: local };
  }
  const clusters = new ClusterStates({ CACHE }).all();
  const fitting = clusters.filter(
    (state) => (id ?? state.id) === state.id && state.nodes.some((node) => node.name === name),
  );
  const [state] = fitting;
  if (!state || fitting.length > 1) {
    throw new UsageError(`PLUGIN=${PLUGIN}: ${fitting.length} clusters have a node ${name}`, {
      hint:
        fitting.length > 1
          ? `name one of them: ${fitting.map((one) => `${one.id}/${name}:${path}`).join(", ")}`
          : "KEEP=1 leaves the cluster of a run up",
    });
  }
  // What speaks SSH takes longer to load than the whole suite takes on a local socket.
  const { RemoteCluster } = await import("#harness/cluster/remote-cluster.ts");
  const cluster = new RemoteCluster(state);
  scope.defer(`the connections to ${state.id}`, () => cluster.disconnect());
  const host = cluster.nodes.find((node) => node.name === name)!;
  const socket = { ...pluginSocket(path), connect: () => host.connectSocket(path) };
  return { socket, host: () => host, near: host };
}

/** Whether a plugin at this address works on this machine: at a unix socket, or at TCP on one of its own addresses. */
async function isHere(address: string): Promise<boolean> {
  if (!address.startsWith("tcp://")) return true;
  const host = URL.parse(address)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  const found = await lookup(host, { all: true }).catch(() => []);
  const own = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  return found.some((one) => one.address.startsWith("127.") || own.includes(one.address));
}

function notToBeSeen(address: string): never {
  throw new Blocked(
    `the interfaces of the machine behind ${address} cannot be looked at from here; PLUGIN=NODE:/path names a socket of a cluster's node`,
  );
}
