import { existsSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import type Docker from "dockerode";
import { UsageError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { readSession } from "#harness/core/settings/session.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { agentOfSession, keysIn, type SshTarget } from "#harness/host/ssh/ssh-target.ts";

/** The way to a Docker Engine that `DOCKER_HOST=ssh://…` names. */
export interface SshWay {
  /** The engine's host. */
  readonly target: SshTarget;
  /** A unix socket of this machine that leads to the engine, for libraries that do not speak SSH. */
  readonly socket: string;
}

interface SshEngine extends SshWay {
  readonly docker: Docker;
  close(): Promise<void>;
}

const usualSocket = "/var/run/docker.sock";
const keyFiles = ["id_ed25519", "id_ecdsa", "id_rsa"];
const knownHosts = join(homedir(), ".ssh/known_hosts");
let folder: string | undefined;
let open: { host: string; engine: Promise<SshEngine>; uses: number } | undefined;

/**
 * Opens the way to the engine at `ssh://[user@]host[:port][/path of its socket]`, once for this process. The host's key must be
 * in the user's known_hosts; who logs in must be let in by a key of the agent or of `~/.ssh`, and reach the socket. `release`
 * ends this use of it.
 */
export async function useSshEngine(
  host: string,
): Promise<SshWay & { docker: Docker; release(): Promise<void> }> {
  if (open && open.host !== host) throw new UsageError(`${host}: this process uses ${open.host} already`);
  open ??= { host, engine: openEngine(host), uses: 0 };
  const current = open;
  current.uses++;
  const { target, socket, docker, close } = await current.engine.catch((error: Error) => {
    open = undefined;
    throw error;
  });
  return {
    ...{ target, socket, docker },
    async release() {
      current.uses--;
      if (current.uses > 0) return;
      open = undefined;
      await close();
    },
  };
}

/** How an address of `DOCKER_HOST` is reached: the parts it leaves out are as OpenSSH has them without a configuration. */
export function targetOf(dockerHost: string): SshTarget {
  const { username, hostname, port } = new URL(dockerHost);
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  const keyFile = keyFiles.map((name) => join(homedir(), ".ssh", name)).find((path) => existsSync(path));
  const agent = readSession().sshAgent ? { agent: agentOfSession } : {};
  return {
    ...{ name: `docker-${address}`, address, port: Number(port || 22) },
    user: decodeURIComponent(username) || userInfo().username,
    ...(keyFile === undefined ? {} : { keyFile }),
    ...agent,
    hostKeys: keysIn(knownHosts, address, Number(port || 22)),
    hostKeysFrom: knownHosts,
  };
}

async function openEngine(dockerHost: string): Promise<SshEngine> {
  const target = targetOf(dockerHost);
  if (target.keyFile === undefined && target.agent === undefined) {
    throw new UsageError(
      `DOCKER_HOST=${dockerHost}: expected an agent or ${keyFiles.join(", ")} in ~/.ssh to log in with, got neither`,
      { hint: "start an agent: eval $(ssh-agent); ssh-add" },
    );
  }
  const { pathname } = new URL(dockerHost);
  const path = pathname.length > 1 ? pathname : usualSocket;
  const host = new SshHost(target, path);
  folder ??= makeScratchFolder();
  // The same one each time, since Testcontainers asks only once where the engine is.
  const socket = join(folder, "docker.sock");
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client.once("close", () => clients.delete(client)));
    host.connectSocket(path).then(
      (stream) => {
        pipeline(client, stream, client, () => client.destroy());
      },
      () => client.destroy(),
    );
  });
  rmSync(socket, { force: true });
  await listen(server, socket);
  return {
    ...{ target, socket, docker: host.docker },
    async close() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
      await host.disconnect();
    },
  };
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, () => resolve(void server.unref()));
  });
}
