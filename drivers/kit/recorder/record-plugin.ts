import { basename } from "node:path";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { specFolders } from "#harness/cnm/protocol/plugin-folders.ts";
import { interpose } from "#harness/cnm/recorder/interpose.ts";
import { RecordingProxy } from "#harness/cnm/recorder/proxy.ts";
import { serveRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { UsageError } from "#harness/core/errors.ts";
import { readSpec } from "./spec-file.ts";
import { connectTcp } from "./tcp.ts";

/** How engines find the plugin on each node. */
export type RecordedPlugin =
  /** The path of its socket, e.g. `/run/docker/plugins/NAME.sock`. */
  | { readonly socket: string }
  /** The path of its `.spec` or `.json` file, or the plugin's name for one in a folder where engines look. */
  | { readonly specFile: string };

/**
 * Interposes recorders between the engines of all nodes and a plugin, for a driver that declares `remote`. Nothing of the plugin
 * is touched: a unix socket steps aside for the recorder's, and a specification file that names a TCP address names the recorder's socket
 * meanwhile. `scope` puts both back; give the session of `install`. Engines keep connections that they have, so do it before they
 * first use the plugin. Each exchange becomes a line of `transcript`. Resolves to what `connect` needs: `protocol: connectRecorder(recorder)`.
 * Throws `UsageError` for a specification file that is not there or cannot be followed, `CommandFailed` when there is no such socket.
 */
export async function recordPlugin(
  scope: Scope,
  cluster: Pick<Cluster, "id" | "nodes">,
  plugin: RecordedPlugin,
  options: { transcript?: string } = {},
): Promise<{ recorder: string }> {
  const proxies = await Promise.all(
    cluster.nodes.map((node) =>
      "socket" in plugin
        ? interpose(scope, node, plugin.socket, options)
        : interposeSpec(scope, node, plugin.specFile, options),
    ),
  );
  return { recorder: await serveRecorder(scope, proxies) };
}

async function interposeSpec(
  scope: Scope,
  node: ClusterNode,
  specFile: string,
  options: { transcript?: string },
): Promise<RecordingProxy> {
  const file = await findSpec(node, specFile);
  const before = await node.files.readText(file);
  const { address, withAddress } = readSpec(file, before);
  if (address.kind === "unix") return interpose(scope, node, address.path, options);
  const { host, port } = address;
  const name = basename(file).replace(/\.(spec|json)$/, "");
  const proxy = new RecordingProxy(
    scope,
    { name, address: `${node.name}:${host}:${port}`, connect: () => connectTcp(node, host, port) },
    options,
  );
  const socket = `/run/netconform-recorder-${name}.sock`;
  scope.defer(`${socket} on ${node.name}`, () => node.files.remove(socket));
  const forward = await node.forwardIn(socket, (stream) => proxy.handle(stream, node.name));
  scope.defer(`the proxy's socket ${socket} on ${node.name}`, () => forward.close());
  scope.defer(`${file} on ${node.name}`, () => node.files.write(file, before));
  await node.files.write(file, withAddress(`unix://${socket}`));
  return proxy;
}

/** The specification file by which engines would find a plugin. */
async function findSpec(node: ClusterNode, given: string): Promise<string> {
  const places = given.startsWith("/")
    ? [given]
    : specFolders.flatMap((folder) =>
        ["", `${given}/`].flatMap((own) =>
          ["spec", "json"].map((kind) => `${folder}/${own}${given}.${kind}`),
        ),
      );
  for (const place of places) if (await node.files.exists(place)) return place;
  throw new UsageError(
    `${node.name}: expected a specification file of the plugin, got none of ${places.join(", ")}`,
  );
}
