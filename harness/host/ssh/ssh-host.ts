import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import Docker from "dockerode";
import type { ClientChannel } from "ssh2";
import { until } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";
import { type Answer, type Modem, recordingAnswer } from "#harness/host/engine-calls.ts";
import { CommandHost, finish, type RawResult } from "#harness/host/exec.ts";
import type { ExecOptions, Host, HostFiles, RunningCommand } from "#harness/host/host.ts";
import { assignments, formatCommand } from "#harness/host/shell.ts";
import { socketAgent } from "./docker-agent.ts";
import { SocketRelay } from "./socket-relay.ts";
import type { ReverseForward, SshConnection } from "./ssh-connection.ts";
import { SshPool } from "./ssh-pool.ts";
import type { SshTarget } from "./ssh-target.ts";

/** How long a command that is to be ended may take until it has started. */
const endingMs = 10_000;

/**
 * Ends every process whose environment holds the mark $1 with the signal $2, and fails when there is none: another user's
 * cannot be signalled by sshd.
 */
const endMarked =
  'pids=$(grep -lz -- "^$1\\$" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); [ "$pids" ] && kill -s "$2" $pids';

/**
 * A host over SSH: commands, files, sockets in both directions, and its Docker API. Everything is done as root: where
 * the user who logs in is another one, through sudo.
 */
export class SshHost extends CommandHost {
  readonly name: string;
  readonly files: HostFiles;
  /** The Docker API of the host, through a forwarded socket. */
  readonly docker: Docker;
  readonly #pool: SshPool;
  readonly #relay: SocketRelay | undefined;

  /** `dockerSocket` is where the engine listens on the host. */
  constructor(target: SshTarget, dockerSocket = "/var/run/docker.sock") {
    super();
    this.name = target.name;
    this.#pool = new SshPool(target);
    this.#relay = target.sudo
      ? new SocketRelay(this, this.#pool.first, (argv) => this.runAsUser(argv))
      : undefined;
    this.docker = new Docker({
      protocol: "http",
      host: target.name,
      port: 80,
      agent: socketAgent(() => this.connectSocket(dockerSocket)),
    } as Docker.DockerOptions);
    const modem = this.docker.modem as Modem;
    const dial = modem.dial.bind(modem);
    // Dockerode waits without end for the rest of an answer whose connection broke.
    modem.dial = (options, answered) => {
      const answer = recordingAnswer(this.name, options, answered);
      let settle: Answer | undefined = (...results) => {
        settle = undefined;
        done();
        answer(...results);
      };
      const done = this.#pool.first.whenLost((error) => settle?.(error));
      dial(options, (...results) => settle?.(...results));
    };
    this.files = new SshFiles(this, (argv) => this.execRaw(argv, {}));
  }

  async spawn(argv: readonly string[], options: Pick<ExecOptions, "env"> = {}): Promise<RunningCommand> {
    return this.#start(argv, this.#asRoot(argv, options.env));
  }

  /** Like `run`, as the user who logs in, without sudo; not recorded. */
  async runAsUser(argv: readonly string[]): Promise<string> {
    const line: Line = { line: formatCommand(argv), end: signalChannel };
    const result = await finish(this.name, () => this.#start(argv, line), {});
    if (result.code !== 0) throw new CommandFailed({ ...result, stdout: result.stdout.toString() });
    return result.stdout.toString();
  }

  /** A stream to a unix socket on the host. */
  connectSocket(path: string): Promise<Duplex> {
    return this.#relay ? this.#relay.connect(path) : this.#pool.first.connectSocket(path);
  }

  /** Makes `path` a socket on the host whose connections arrive in this process; removed by `close`. */
  async forwardIn(path: string, onConnection: (stream: Duplex) => void): Promise<ReverseForward> {
    const forward = await (this.#relay ?? this.#pool.first).forwardIn(path, onConnection);
    return {
      close: async () => {
        await forward.close();
        await this.files.remove(path);
      },
    };
  }

  /** How many connections there are to the host, and how many sessions each carries as far as is known. */
  get connections(): SshPool["size"] {
    return this.#pool.size;
  }

  async disconnect(): Promise<void> {
    await this.#relay?.close();
    await this.#pool.close();
  }

  /** The shell line for a command as root, and how it is ended by a signal. */
  #asRoot(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Line {
    if (!this.#relay) return { line: formatCommand(argv, env), end: signalChannel };
    const mark = `NETCONFORM_COMMAND=${randomUUID()}`;
    return {
      // A shell that waited for sudo would turn the signal that ends a command into an exit code.
      line: `exec ${formatCommand(["sudo", "-n", "--", "env", mark, ...assignments(env), ...argv])}`,
      end: (channel, signal) => void this.#endMarked(channel, mark, signal).catch(() => {}),
    };
  }

  /** A command that has only just been started may not have got through sudo yet. */
  async #endMarked(channel: ClientChannel, mark: string, signal: string): Promise<void> {
    let closed = false;
    channel.once("close", () => {
      closed = true;
    });
    const argv = ["sudo", "-n", "--", "sh", "-c", endMarked, "sh", mark, signal];
    const line: Line = { line: formatCommand(argv), end: signalChannel };
    await until({ what: "the command to have begun, to end it", deadlineMs: endingMs }, async () => {
      return closed || (await finish(this.name, () => this.#start(argv, line), {})).code === 0;
    });
  }

  async #start(argv: readonly string[], { line, end: endBySignal }: Line): Promise<RunningCommand> {
    const { channel, end } = await this.#pool.exec(line, (opened, connection) => watch(opened, connection));
    return {
      argv,
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      exit: end,
      kill: (signal = "TERM") => endBySignal(channel, signal),
    };
  }
}

interface Line {
  readonly line: string;
  readonly end: (channel: ClientChannel, signal: string) => void;
}

/** The part of ssh2 that its own `signal` stands before. */
interface SignalledChannel {
  readonly outgoing: { readonly id: number; readonly state: "open" | "eof" | "closing" | "closed" };
  readonly _client: { readonly _protocol: { signal(channel: number, signal: string): void } };
}

/** Also where the command's input has ended, with which ssh2 ceases to send signals, though a server takes them. */
function signalChannel(channel: ClientChannel, signal: string): void {
  const { outgoing, _client } = channel as ClientChannel & SignalledChannel;
  if (outgoing.state === "open" || outgoing.state === "eof") _client._protocol.signal(outgoing.id, signal);
}

function watch(channel: ClientChannel, connection: SshConnection): Watched {
  const end = connection.orLost(endOf(channel));
  end.catch(() => {});
  return { channel, end };
}

interface Watched {
  channel: ClientChannel;
  /** Resolves when the command has ended and its output is complete. */
  end: Promise<{ code: number | null; signal: string | null }>;
}

function endOf(channel: ClientChannel): Watched["end"] {
  return new Promise<Awaited<Watched["end"]>>((resolve, reject) => {
    let result: Awaited<Watched["end"]> | undefined;
    channel.on("exit", (code: number | null, signal?: string) => {
      result = { code, signal: signal?.replace(/^SIG/, "") ?? null };
    });
    channel.on("close", () => {
      if (result) resolve(result);
      else reject(new HarnessError("the SSH channel closed before the command ended"));
    });
  });
}

/** Files by plain commands, so that they work the same with and without sudo and need no SFTP server. */
class SshFiles implements HostFiles {
  readonly #host: Host;
  readonly #execRaw: (argv: readonly string[]) => Promise<RawResult>;

  constructor(host: Host, execRaw: (argv: readonly string[]) => Promise<RawResult>) {
    this.#host = host;
    this.#execRaw = execRaw;
  }

  async read(path: string): Promise<Buffer> {
    const result = await this.#execRaw(["cat", "--", path]);
    if (result.code !== 0) {
      throw new CommandFailed({ ...result, stdout: "" }, `${this.#host.name}:${path} cannot be read`);
    }
    return result.stdout;
  }

  async readText(path: string): Promise<string> {
    return (await this.read(path)).toString("utf8");
  }

  async write(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    // A connection that is lost looks to `cat` like the end of the file.
    const script =
      'umask 077 && mkdir -p "$(dirname "$1")" && cat > "$1.part" && [ "$(wc -c < "$1.part")" -eq "$3" ] && chmod "$2" "$1.part" && mv "$1.part" "$1"';
    const bytes = String(Buffer.byteLength(content));
    await this.#host.run(["sh", "-c", script, "sh", path, mode.toString(8), bytes], { input: content });
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#host.exec(["test", "-e", path])).code === 0;
  }

  async remove(path: string): Promise<void> {
    await this.#host.run(["rm", "-rf", "--", path]);
  }
}
