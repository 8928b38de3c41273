import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { generateKeyPair } from "#harness/cluster/containers/keys.ts";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { startDaemon } from "#harness/host/local/daemon.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram, lastLines } from "#harness/host/setup/install.ts";
import { scanHostKey } from "#harness/host/ssh/ssh-dial.ts";
import { serveMirror } from "./mirror.ts";

/** A Docker Engine as on another machine: this one reaches its host, and none of its containers' addresses. */
export interface UnroutedEngine extends AsyncDisposable {
  /** As `DOCKER_HOST` has it. */
  readonly dockerHost: string;
  readonly docker: Docker;
  /** Address of the engine's host. */
  readonly address: string;
  /** The socket of the engine on its host. */
  readonly socket: string;
  /**
   * Starts an SSH server on the engine's host: a container of the node image in the host's network, which finds the engine's
   * socket where it is on the host. What lets a user in as root is written to their `home`. Ends with the engine.
   */
  admitUser(nodeImage: string, home: string): Promise<void>;
  /** Has this machine hand on the engine's host's requests to a Debian mirror; yields the mirror's URL there. Ends with the engine. */
  serveMirror(mirror: string): Promise<string>;
}

const port = 2375;
const socketName = "docker.sock";

/**
 * Starts dockerd in a network namespace with one link to this machine's; what it stores is in `folder`. Disposal ends it and
 * removes the namespace. Needs root and iproute2.
 */
export async function startUnroutedEngine(folder: string): Promise<UnroutedEngine> {
  const host = new LocalHost();
  const scope = new Scope("the engine without a route");
  const id = randomBytes(3).toString("hex");
  const netns = `nctest-${id}`;
  // A /30 of the range for tests of network devices (RFC 2544).
  const [second = 0, third = 0] = randomBytes(2);
  const [own, address] = [1, 2].map((last) => `198.${18 + (second % 2)}.${third}.${last}`);
  try {
    await host.run(["ip", "netns", "add", netns]);
    scope.defer(netns, () => host.run(["ip", "netns", "del", netns]));
    const inside = (...argv: string[]) => host.run(["ip", "-netns", netns, ...argv]);
    const [here, there] = [`nct${id}`, "up0"];
    await host.run(["ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", netns]);
    await host.run(["ip", "address", "add", `${own}/30`, "dev", here]);
    await host.run(["ip", "link", "set", here, "up"]);
    await inside("address", "add", `${address}/30`, "dev", there);
    for (const device of ["lo", there]) await inside("link", "set", device, "up");
    const dockerHost = `tcp://${address}:${port}`;
    await startDockerd(host, scope, { netns, dockerHost, folder });
    const docker = new Docker({ host: address ?? "", port, protocol: "http" });
    await until({ what: `dockerd at ${dockerHost} to answer`, deadlineMs: 60_000 }, () => docker.ping());
    return {
      ...{ dockerHost, docker, address: address ?? "", socket: join(folder, socketName) },
      admitUser: (image, home) =>
        startSshServer(docker, scope, { image, home, folder, address: address ?? "" }),
      serveMirror: (mirror) => serveMirror(scope, own ?? "", mirror),
      [Symbol.asyncDispose]: () => scope.close(),
    };
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function startDockerd(
  host: LocalHost,
  scope: Scope,
  { netns, dockerHost, folder }: { netns: string; dockerHost: string; folder: string },
): Promise<void> {
  const config = join(folder, "daemon.json");
  const pidFile = join(folder, "docker.pid");
  const log = join(folder, "dockerd.log");
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, "{}\n");
  // The file systems stay those of the machine: with a /sys of the namespace there would be no control groups.
  const enter = ["nsenter", `--net=/run/netns/${netns}`, "--"];
  const daemon = startDaemon(
    [
      ...enter,
      (await findProgram(host, "dockerd")) ?? "dockerd",
      `--config-file=${config}`,
      `--host=${dockerHost}`,
      `--host=unix://${join(folder, socketName)}`,
      // Said outright, it starts without a delay for its warning.
      "--tls=false",
      `--data-root=${join(folder, "data")}`,
      `--exec-root=${join(folder, "exec")}`,
      `--pidfile=${pidFile}`,
      ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
    ],
    log,
  );
  scope.defer("dockerd", async () => {
    const pid = readFileSync(pidFile, "utf8").trim();
    await host.run(["kill", "-TERM", pid]);
    await until({ what: "dockerd to end", deadlineMs: 60_000 }, () => daemon.ended);
    await host.exec(["umount", join(folder, "exec/netns/default")]);
  });
  await until({ what: "dockerd to start", deadlineMs: 30_000 }, () => {
    if (daemon.ended) throw new Error(`${daemon.ended}:\n${lastLines(readFileSync(log, "utf8"))}`);
    return readFileSync(pidFile, "utf8");
  });
}

const serve = `
  mkdir -p /run/sshd /root/.ssh && chmod 700 /root/.ssh && umask 077
  echo "$AUTHORIZED_KEY" >/root/.ssh/authorized_keys
  echo "$SSH_HOST_KEY" >/etc/ssh/ssh_host_ed25519_key
  exec /usr/sbin/sshd -D -e -h /etc/ssh/ssh_host_ed25519_key`;

async function startSshServer(
  docker: Docker,
  scope: Scope,
  { image, home, folder, address }: { image: string; home: string; folder: string; address: string },
): Promise<void> {
  const [user, host] = [generateKeyPair("user"), generateKeyPair("engine")];
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh", "-ec", serve],
    Env: [`AUTHORIZED_KEY=${user.public}`, `SSH_HOST_KEY=${host.private}`],
    HostConfig: { NetworkMode: "host", Binds: [`${folder}:${folder}`] },
  });
  scope.defer("the SSH server", () => container.remove({ force: true, v: true }));
  await container.start();
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, ".ssh/id_ed25519"), user.private, { mode: 0o600 });
  writeFileSync(join(home, ".ssh/known_hosts"), `${address} ${host.public}\n`);
  const target = { name: "engine", address, port: 22, user: "root" };
  await until({ what: "the SSH server to answer", deadlineMs: 20_000 }, () => scanHostKey(target));
}

/** A value of `PATH` on which every program of this machine's usual folders is but these. */
export function pathWithout(folder: string, programs: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const usual of ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]) {
    for (const name of readdirSync(usual)) {
      if (programs.includes(name)) continue;
      try {
        symlinkSync(join(usual, name), join(folder, name));
      } catch (error) {
        // The first folder of the path has it.
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }
  return folder;
}
