import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded, HarnessError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { identify, isAlive, ownIdentity, type ProcessIdentity } from "#harness/core/process/process.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Host } from "#harness/host/host.ts";
import { startDaemon } from "#harness/host/local/daemon.ts";
import { lastLines } from "#harness/host/setup/install.ts";
import { asRoot, type Privilege, probePrivilege } from "#harness/host/setup/privilege.ts";

/**
 * A dockerd of our own, with everything it has below the cache folder. It is the image cache, so runs share it: each use is
 * registered, and the last one to leave stops it. Uses of processes that died do not count; a dockerd that a killed run
 * left behind is taken over.
 */
export class PrivateEngine {
  readonly socket: string;
  readonly docker: Docker;
  readonly #folder: string;
  readonly #run: string;
  readonly #local: Host;
  // One process has several, since each target of a run loads modules of its own: the process alone does not tell them apart.
  readonly #use = `${ownIdentity()}.${randomUUID()}`;

  constructor(settings: Pick<Settings, "CACHE">, local: Host) {
    this.#folder = join(settings.CACHE, "engine");
    this.#run = runFolder(this.#folder);
    this.socket = join(this.#run, "docker.sock");
    this.docker = new Docker({ socketPath: this.socket });
    this.#local = local;
  }

  /** Registers this use and starts dockerd when it does not run. */
  async enter(dockerd: string): Promise<void> {
    await this.#locked(async () => {
      // One that was killed may look alive, and ends before it answers.
      const runs = this.#process() !== undefined && (await this.#answers());
      if (!runs) {
        await this.#start(dockerd);
        if (!(await this.#answers())) throw this.#failure("it ended before it answered");
      }
      writeFileSync(join(this.#uses, this.#use), "");
    });
  }

  /** Ends this use; stops dockerd when there is no other and, unless `force`, no container runs in it. */
  async leave({ force = false } = {}): Promise<void> {
    await this.#locked(async () => {
      rmSync(join(this.#uses, this.#use), { force: true });
      const uses = readdirSync(this.#uses).filter((name) => {
        if (isAlive(name.split(".")[0] ?? "")) return true;
        rmSync(join(this.#uses, name), { force: true });
        return false;
      });
      if (uses.length > 0 || !this.#process()) return;
      // A kept cluster lives in it.
      if (!force && (await this.docker.listContainers()).length > 0) return;
      await this.#stop();
    });
  }

  get #uses(): string {
    const path = join(this.#folder, "uses");
    mkdirSync(path, { recursive: true });
    return path;
  }

  get #log(): string {
    return join(this.#folder, "dockerd.log");
  }

  get #pidFile(): string {
    return join(this.#run, "docker.pid");
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return withLock(this.#folder, work, { what: "starting or stopping the private Docker Engine" });
  }

  /** The dockerd that serves our socket, told by its command line: the pid may have gone to another process. */
  #process(): ProcessIdentity | undefined {
    try {
      const pid = Number(readFileSync(this.#pidFile, "utf8"));
      const identity = identify(pid);
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`unix://${this.socket}\0`)
        ? identity
        : undefined;
    } catch {
      return undefined;
    }
  }

  async #start(dockerd: string): Promise<void> {
    const privilege = await probePrivilege(this.#local);
    for (const folder of [this.#folder, this.#run]) mkdirSync(folder, { recursive: true });
    await this.#forgetLast(privilege);
    const config = join(this.#folder, "daemon.json");
    writeFileSync(config, "{}\n");
    const argv = asRoot(privilege, [
      dockerd,
      // The system's own configuration is not ours to use.
      `--config-file=${config}`,
      `--host=unix://${this.socket}`,
      `--data-root=${join(this.#folder, "data")}`,
      `--exec-root=${join(this.#run, "exec")}`,
      `--pidfile=${this.#pidFile}`,
      `--group=${process.getgid?.() ?? 0}`,
      // Nothing of this machine's network is touched: node networks are bridges without NAT.
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
      "--ip-forward=false",
      "--ip-masq=false",
    ]);
    const daemon = startDaemon(argv, this.#log);
    await until({ what: "dockerd to start", deadlineMs: 30_000 }, () => this.#process() ?? daemon.ended);
    if (daemon.ended) throw this.#failure(daemon.ended);
  }

  /**
   * dockerd does not start while its pid file names a process, and starts no containerd while that one's does: be it one that was killed and
   * still ends, or another program that has the number by now. containerd ends with its dockerd.
   */
  async #forgetLast(privilege: Privilege): Promise<void> {
    const files = { dockerd: this.#pidFile, containerd: join(this.#run, "exec/containerd/containerd.pid") };
    for (const [program, file] of Object.entries(files)) {
      // Nobody but root can read it.
      const { code, stdout } = await this.#local.exec(asRoot(privilege, ["cat", file]));
      if (code !== 0) continue;
      const pid = Number(stdout);
      await until(
        { what: `the last ${program} of the private Docker Engine (pid ${pid}) to end`, deadlineMs: 30_000 },
        () => !this.#isStill(program, pid),
      ).catch((error: unknown) => {
        throw error instanceof DeadlineExceeded ? this.#failure(error.message) : error;
      });
      await this.#local.run(asRoot(privilege, ["rm", "-f", file]));
    }
  }

  /** Whether a process is such a program of ours; one that has begun to end has no command line any more. */
  #isStill(program: string, pid: number): boolean {
    if (!identify(pid)) return false;
    try {
      const of = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
      const line = of("cmdline");
      return of("comm").trim() === program && (line === "" || line.includes(this.#run));
    } catch {
      return false;
    }
  }

  /** Whether it answers; it does not where it ends before. */
  async #answers(): Promise<boolean> {
    await until(
      { what: "the private Docker Engine to answer", deadlineMs: 60_000 },
      async () => !this.#process() || (await this.docker.ping().then(() => true)),
    ).catch((error: unknown) => {
      throw error instanceof DeadlineExceeded ? this.#failure(error.message) : error;
    });
    return this.#process() !== undefined;
  }

  #failure(reason: string): HarnessError {
    return new HarnessError(
      `the private Docker Engine did not start: ${reason}; the end of ${this.#log}:\n${lastLines(readFileSync(this.#log, "utf8"))}`,
      {
        hint: "set DOCKER_HOST to a Docker Engine that answers, or start this machine's own",
      },
    );
  }

  async #stop(): Promise<void> {
    const identity = this.#process();
    if (!identity) return;
    const privilege = await probePrivilege(this.#local);
    await this.#local.run(asRoot(privilege, ["kill", "-TERM", identity.split(":")[0] ?? ""]));
    await until(
      { what: `the private dockerd (pid ${identity.split(":")[0]}) to end`, deadlineMs: 60_000 },
      () => !isAlive(identity),
    );
    // Left mounted, it would keep the cache folder from being removed.
    await this.#local.exec(asRoot(privilege, ["umount", join(this.#run, "exec/netns/default")]));
  }
}

/** Where sockets lie: a path of a unix socket has at most 107 bytes, and containerd makes long ones. */
function runFolder(folder: string): string {
  const run = join(folder, "run");
  if (Buffer.byteLength(join(run, "exec/containerd/containerd-debug.sock.ttrpc")) <= 107) return run;
  return `/tmp/netconform-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`;
}
