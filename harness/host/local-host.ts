import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DeadlineExceeded, HarnessError } from "#harness/core/errors.ts";
import { CommandFailed } from "./command-failed.ts";
import type { ExecOptions, ExecResult, Host, HostFiles, RunningCommand } from "./host.ts";
import { formatCommand } from "./shell.ts";
import { recordCommand } from "./transcript.ts";

const defaultDeadlineMs = 60_000;

/** This machine as a host: for tiers and tests that need no cluster. Files and commands with this process's own rights. */
export class LocalHost implements Host {
  readonly name: string;
  readonly files: HostFiles = localFiles;

  constructor(name = "local") {
    this.name = name;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const startedAt = Date.now();
    const start = performance.now();
    const command = await this.spawn(argv, options);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    command.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    command.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    command.stdin.on("error", () => {}); // the command may end without reading its input
    command.stdin.end(options.input);
    const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      command.kill("KILL");
    }, deadlineMs);
    const exit = await command.exit.finally(() => clearTimeout(timer));
    if (late) {
      throw new DeadlineExceeded(
        `waited ${deadlineMs} ms for ${this.name}$ ${formatCommand(argv)} to end; killed`,
      );
    }
    const result: ExecResult = {
      host: this.name,
      argv,
      ...exit,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
      startedAt,
      durationMs: performance.now() - start,
    };
    recordCommand(result);
    return result;
  }

  async run(argv: readonly string[], options?: ExecOptions): Promise<string> {
    const result = await this.exec(argv, options);
    if (result.code !== 0) throw new CommandFailed(result);
    return result.stdout;
  }

  /** Signals reach the whole process group of the command. A program that does not exist exits 127, as it does over SSH. */
  async spawn(argv: readonly string[], options: Pick<ExecOptions, "env"> = {}): Promise<RunningCommand> {
    if (argv.length === 0) throw new HarnessError(`${this.name}: expected a command, got an empty argv`);
    const child = spawn("/usr/bin/env", [...argv], {
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal: signal?.replace(/^SIG/, "") ?? null }));
    });
    await once(child, "spawn");
    return {
      argv,
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exit,
      kill: (signal = "TERM") => killGroup(child.pid!, `SIG${signal}`),
    };
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
