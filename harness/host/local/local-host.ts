import { once } from "node:events";
import { access, chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { type Duplex, PassThrough } from "node:stream";
import { HarnessError } from "#harness/core/errors.ts";
import { CommandHost } from "#harness/host/exec.ts";
import type { ExecOptions, HostFiles, RunningCommand } from "#harness/host/host.ts";
import { $, environmentWith, unkept } from "./zx.ts";

export interface LocalSpawnOptions extends Pick<ExecOptions, "env"> {
  /** Folder in which the command runs; default: this process's. */
  cwd?: string;
}

/** This machine as a host: for suites and tests that need no cluster. Files and commands with this process's own rights. */
export class LocalHost extends CommandHost {
  readonly name: string;
  readonly files: HostFiles = localFiles;

  constructor(name = "local") {
    super();
    this.name = name;
  }

  /** Signals reach the whole process group of the command. A program that does not exist exits 127, as it does over SSH. */
  async spawn(argv: readonly string[], options: LocalSpawnOptions = {}): Promise<RunningCommand> {
    if (argv.length === 0) throw new HarnessError(`${this.name}: expected a command, got an empty argv`);
    const { env, cwd = process.cwd() } = options;
    const running = $({ cwd, env: environmentWith(env), detached: true, store: unkept })`${argv}`;
    // Read as it comes by zx, output would be lost on those who begin to read later.
    const [stdout, stderr] = [running.stdout.pipe(new PassThrough()), running.stderr.pipe(new PassThrough())];
    const { pid } = running;
    if (pid === undefined) throw new HarnessError(`${this.name}: ${(await running).message}`);
    return {
      argv,
      stdin: running.stdin,
      stdout,
      stderr,
      exit: running.then(({ exitCode, signal }) => {
        return { code: exitCode, signal: signal?.replace(/^SIG/, "") ?? null };
      }),
      kill: (signal = "TERM") => killGroup(pid, `SIG${signal}`),
      unref: () => {
        running.child?.unref();
        for (const pipe of running.child?.stdio ?? []) (pipe as Socket | null)?.unref();
      },
    };
  }

  async connectSocket(path: string): Promise<Duplex> {
    const socket = connect(path);
    await once(socket, "connect");
    return socket;
  }
}

/** A group that is gone already is what the caller wants. */
function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const localFiles: HostFiles = {
  read: (path) => readFile(path),
  readText: (path) => readFile(path, "utf8"),
  async write(path, content, mode) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    if (mode !== undefined) await chmod(path, mode);
  },
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  remove: (path) => rm(path, { recursive: true, force: true }),
};
