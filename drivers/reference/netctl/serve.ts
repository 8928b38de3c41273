import type { Duplex } from "node:stream";
import { z } from "zod";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { bothHalves } from "#harness/core/rpc/messages.ts";
import { checked, serveRpc } from "#harness/core/rpc/server.ts";
import type { Scope } from "#harness/core/scope.ts";
import { programFile } from "#harness/host/agent/program.ts";
import type { Answer, Netctl } from "./netctl.ts";

const clientPath = "/usr/local/bin/netctl";
const socketPath = "/run/netconform-netctl.sock";

interface NetctlMethods {
  /** Runs a command line, given without the word `netctl`. */
  run(given: { arguments: string[] }): Answer;
}

/** Puts the command `netctl` onto every node; it reaches `netctl` in this process through a socket, until `scope` closes. */
export async function serveNetctl(scope: Scope, cluster: Cluster, netctl: Netctl): Promise<void> {
  const run = checked(z.object({ arguments: z.array(z.string()) }), ({ arguments: given }) =>
    netctl.run(given).catch((error: Error): Answer => ({ code: 1, output: `${error.message}\n` })),
  );
  const connections = new Set<Duplex>();
  scope.defer("netctl's connections", () => {
    for (const stream of connections) stream.destroy();
  });
  const program = programFile(["command", socketPath]);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      await node.files.write(clientPath, program, 0o755);
      scope.defer(`netctl on ${node.name}`, () => node.files.remove(clientPath));
      const forward = await node.forwardIn(socketPath, (stream) => {
        connections.add(stream);
        stream.once("close", () => connections.delete(stream));
        serveRpc<NetctlMethods>(bothHalves(stream), { run });
      });
      scope.defer(`netctl's socket on ${node.name}`, () => forward.close());
    }),
  );
}
