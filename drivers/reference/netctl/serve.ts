import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/scope.ts";
import type { Netctl } from "./netctl.ts";

const client = new URL("netctl.sh", import.meta.url);
const clientPath = "/usr/local/bin/netctl";
const socketPath = "/run/netconform-netctl.sock";

/** Puts the command `netctl` onto every node; it reaches `netctl` in this process through a socket, until `scope` closes. */
export async function serveNetctl(scope: Scope, cluster: Cluster, netctl: Netctl): Promise<void> {
  const server = createServer((request, response) => {
    const answer = buffer(request).then((body) => {
      const given = body.toString("utf8").split("\0").slice(0, -1);
      return netctl.run(given.length === 1 && given[0] === "" ? [] : given);
    });
    answer.then(
      ({ code, output }) => response.end(`${code}\n${output}`),
      (error: Error) => response.end(`1\n${error.message}\n`),
    );
  });
  scope.defer("netctl's server", () => server.closeAllConnections());
  const text = await readFile(client);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      await node.files.write(clientPath, text, 0o755);
      scope.defer(`netctl on ${node.name}`, () => node.files.remove(clientPath));
      const forward = await node.forwardIn(socketPath, (stream) => server.emit("connection", stream));
      scope.defer(`netctl's socket on ${node.name}`, () => forward.close());
    }),
  );
}
