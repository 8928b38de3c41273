import type { Duplex } from "node:stream";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { CommandFailed } from "./command-failed.ts";
import type { ExecOptions, ExecResult, Host, HostFiles, RunningCommand } from "./host.ts";
import { formatCommand } from "./shell.ts";
import { beginCommand, recordCommand } from "./transcript.ts";

const defaultDeadlineMs = 60_000;

/** Like `ExecResult`, with stdout as it came: it may be anything. */
export interface RawResult extends Omit<ExecResult, "stdout"> {
  readonly stdout: Buffer;
}

/** What a host makes of being able to start commands: `exec` and `run` are the same on all of them. */
export abstract class CommandHost implements Host {
  abstract readonly name: string;
  abstract readonly files: HostFiles;
  abstract spawn(argv: readonly string[], options?: Pick<ExecOptions, "env">): Promise<RunningCommand>;
  abstract connectSocket(path: string): Promise<Duplex>;

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const ended = beginCommand(this.name, argv);
    const raw = await this.execRaw(argv, options).finally(ended);
    const result = { ...raw, stdout: raw.stdout.toString() };
    recordCommand(result);
    return result;
  }

  async run(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(argv, options);
    if (result.code !== 0) throw new CommandFailed(result);
    return result.stdout;
  }

  /** Like `exec`, with stdout as it came; not recorded. */
  protected execRaw(argv: readonly string[], options: ExecOptions): Promise<RawResult> {
    return finish(this.name, () => this.spawn(argv, options), options);
  }
}

/**
 * Starts a command, gives it its input, and waits for its end: `deadlineMs` long, `PATIENCE` times. Then it is killed,
 * and `DeadlineExceeded` is thrown at once with the end of its output, whether or not the host lets it go.
 */
export async function finish(
  host: string,
  start: () => Promise<RunningCommand>,
  { input, deadlineMs: usualMs = defaultDeadlineMs }: Omit<ExecOptions, "env">,
): Promise<RawResult> {
  const deadlineMs = scaled(usualMs);
  const startedAt = Date.now();
  const begin = performance.now();
  const command = await start();
  const { argv, stdin } = command;
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  command.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  command.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A command may end without reading its input.
  stdin.on("error", () => {});
  stdin.end(input);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    command.kill("KILL");
    stdin.destroy();
    const soFar = Buffer.concat([...stdout, ...stderr]).toString();
    late.reject(
      new DeadlineExceeded(
        `${host}$ ${formatCommand(argv)} did not end within ${deadlineMs} ms and was killed; so far: ${
          soFar.slice(-500) || "(no output)"
        }`,
      ),
    );
  }, deadlineMs);
  // The end of a command that was late, or a host that went away after it, is nobody's to wait for.
  command.exit.catch(() => {});
  try {
    const { code, signal } = await Promise.race([command.exit, late.promise]);
    return {
      host,
      argv,
      code,
      signal,
      stdout: Buffer.concat(stdout),
      stderr: Buffer.concat(stderr).toString(),
      startedAt,
      durationMs: performance.now() - begin,
    };
  } finally {
    clearTimeout(timer);
  }
}
