import { constants } from "node:os";
import { basename, dirname } from "node:path";
import { announce } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, HarnessError, Nonconformance, UsageError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { aside, between } from "./behind-recorder.ts";
import { likenessOf } from "./likeness.ts";

/** A program to run on a node. */
export interface DaemonPlan {
  readonly node: Host;
  /** Program and arguments. The program is a path or is looked for in the node's PATH. It must stay in the foreground. */
  readonly argv: readonly string[];
  /** Unique on the node; default: the program's file name. */
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** When it does its work: once there is a socket at this path, or once the function says so. */
  readonly ready: string | ((node: Host) => Promise<boolean>);
  /** The socket that it listens at where `ready` is a function. A recorder that was put before it stays before it after a restart. */
  readonly socket?: string;
  /**
   * Its log on the node, `/var/log/netconform-FOLDER/FILE.log`: such files are evidence of every failure.
   * Default: `/var/log/netconform-NAME/NAME.log`.
   */
  readonly log?: string;
  /** Milliseconds until it must be ready; default 60 000. */
  readonly deadlineMs?: number;
  /**
   * Whose it is: one that ends or is not ready in time is a failure of the plugin under test, or an error of its environment, as a
   * store is. Default: `plugin`.
   */
  readonly part?: "plugin" | "environment";
}

/** The logs that evidence is collected from. */
const evidentLog = /^\/var\/log\/netconform-[^/]+\/[^/]+\.log$/;
const everyMs = 100;
/** Lines of the log that a failure tells. */
const toldLines = 10;

/**
 * Start time of the process whose number is in $1: with the number it is no other's, also after a restart of the node,
 * and it stays when the program executes another. Fails for a process that has ended, reaped or not.
 */
const startTime = `start() { set -- $(sed "s/.*) //" "/proc/$(cat "$1")/stat" | cut -d" " -f1,20); [ "\${2:-}" ] && [ "$1" != Z ] && echo "$2"; }`;
const compare = `${startTime}; [ -s "$2" ] && [ "$(start "$1" 2>/dev/null)" = "$(cat "$2")" ]`;
/** Runs a program and keeps its number, its start time and its end: the number again, with the exit code. */
const supervise = `${startTime}; pid=$1 begin=$2 end=$3; shift 3
env --default-signal=INT,QUIT -- "$@" &
child=$!
echo "$child" > "$pid"; start "$pid" > "$begin" 2>/dev/null
wait "$child"; echo "$child $?" > "$end"`;
/** The exit code of the process whose number is in $1, once it is in $2. */
const exitCode = `[ -s "$1" ] && [ -s "$2" ] && read -r pid code < "$2" && [ "$pid" = "$(cat "$1")" ] && echo "$code"`;

/**
 * A program that runs on a node apart from the SSH session that starts it, tracked with Debian's start-stop-daemon. One made
 * from the same plan in another process is the same daemon.
 */
export class Daemon {
  readonly name: string;
  readonly node: Host;
  /** Path of its log on the node. */
  readonly log: string;
  readonly #plan: DaemonPlan;

  /** Throws `UsageError` when the log would be no evidence. */
  constructor(plan: DaemonPlan) {
    this.name = plan.name ?? basename(plan.argv[0] ?? "");
    if (this.name === "")
      throw new UsageError(`a daemon on ${plan.node.name}: expected a program, got no argv`);
    this.log = plan.log ?? `/var/log/netconform-${this.name}/${this.name}.log`;
    if (!evidentLog.test(this.log)) {
      throw new UsageError(
        `${this.name}: expected a log /var/log/netconform-FOLDER/FILE.log, which is collected as evidence, got ${this.log}`,
      );
    }
    this.node = plan.node;
    this.#plan = plan;
  }

  /**
   * Starts it unless it runs, and waits until it is ready. One that runs and was started from another program, other arguments or another
   * environment is started anew. Throws with the end of its log as soon as it has ended instead, and when it
   * is not ready in time: `Nonconformance` for a part of the plugin, else `HarnessError`.
   */
  async start(): Promise<void> {
    const { node, env, argv } = this.#plan;
    const program = await findProgram(node, argv[0] ?? "");
    const likeness = await likenessOf(node, program, argv, env);
    if (await this.runs()) {
      const known = await node.exec(["cat", this.#likenessFile]);
      if (known.stdout === likeness) return this.#untilReady();
      await announce("daemon changed", { node, name: this.name });
      await this.stop();
    }
    const socket = this.#socket;
    await node.run(["mkdir", "--parents", dirname(this.log)]);
    await node.run(["rm", "-f", ...this.#records]);
    await node.files.write(this.#likenessFile, likeness);
    if (socket) await aside(node, socket);
    try {
      await node.run(
        [
          ...["start-stop-daemon", "--start", "--background", "--pidfile", this.#records[0]],
          ...["--startas", "/bin/sh", "--output", this.log, "--"],
          ...["-c", supervise, "sh", ...this.#records, program, ...argv.slice(1)],
        ],
        env ? { env } : {},
      );
      await this.#untilReady();
    } finally {
      if (socket) await between(node, socket);
    }
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    await this.#stop("TERM/10/KILL/10");
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    await this.#stop("KILL/10");
  }

  /** Stops it and removes its log. */
  async remove(): Promise<void> {
    await this.stop();
    const folder = dirname(this.log);
    await this.node.run([
      "sh",
      "-c",
      'rm -f "$1" && { rmdir "$2" 2>/dev/null || true; }',
      "sh",
      this.log,
      folder,
    ]);
  }

  async runs(): Promise<boolean> {
    return (await this.node.exec(["sh", "-c", compare, "sh", ...this.#records])).code === 0;
  }

  /** How it ended, e.g. `exit code 3` or `SIGSEGV`; `undefined` while it runs, and where it was stopped. */
  async end(): Promise<string | undefined> {
    const { code, stdout } = await this.node.exec([
      "sh",
      "-c",
      exitCode,
      "sh",
      ...this.#records.toSpliced(1, 1),
    ]);
    return code === 0 ? describeExit(Number(stdout)) : undefined;
  }

  /** The last lines of its log; empty when there is none. */
  async lastWords(lines = 5): Promise<string> {
    return (await this.node.exec(["tail", `--lines=${lines}`, this.log])).stdout.trimEnd();
  }

  async #untilReady(): Promise<void> {
    const { ready, deadlineMs = 60_000 } = this.#plan;
    const what = `${this.name} on ${this.node.name} to be ready`;
    const at = typeof ready === "string" ? ` at ${ready}` : "";
    const state = await until({ what: what + at, deadlineMs, everyMs }, async () => {
      const does = typeof ready === "string" ? await isSocket(this.node, ready) : await ready(this.node);
      const ended = await this.end();
      return ended === undefined ? does && (await this.runs()) && "ready" : { ended };
    }).catch((error: unknown) => {
      if (error instanceof DeadlineExceeded) return { late: error.message };
      throw error;
    });
    if (state === "ready") return;
    const how = "ended" in state ? `ended before it was ready: ${state.ended}` : "was not ready in time";
    throw this.#failure({
      expected: `to be ready${at}`,
      got: "ended" in state ? `its end before that: ${state.ended}` : `a process that is not (${state.late})`,
      what: `${this.name} ${how}`,
      words: await this.lastWords(toldLines),
    });
  }

  #failure({ expected, got, what, words }: Record<"expected" | "got" | "what" | "words", string>): Error {
    const who = `${this.name} on ${this.node.name}`;
    const log = words === "" ? "says nothing" : `ends with\n${words.replaceAll(/^/gm, "    ")}`;
    const evidence = `  its log ${this.log} ${log}`;
    if (this.#plan.part === "environment")
      return new HarnessError(`${who}: expected ${expected}, got ${got}\n${evidence}`);
    return new Nonconformance({ who, expected, got, evidence, because: { kind: "plugin start", what } });
  }

  get #socket(): string | undefined {
    const { ready, socket } = this.#plan;
    return typeof ready === "string" ? ready : socket;
  }

  /** Files on the node with the number of its process, with the start time of that, and with its end. */
  get #records(): [string, string, string] {
    return [`${this.#record}.pid`, `${this.#record}.start`, `${this.#record}.end`];
  }

  /** File on the node that tells what its process was started from. */
  get #likenessFile(): string {
    return `${this.#record}.from`;
  }

  get #record(): string {
    return `/run/${basename(dirname(this.log))}-${this.name}`;
  }

  async #stop(schedule: string): Promise<void> {
    const [pidFile] = this.#records;
    if (await this.runs()) {
      await this.node.run([
        "start-stop-daemon",
        "--stop",
        "--oknodo",
        "--retry",
        schedule,
        "--pidfile",
        pidFile,
      ]);
    }
    await this.node.run(["rm", "-f", ...this.#records, this.#likenessFile]);
  }
}

/**
 * Starts a program on a node and waits until it is ready; when `scope` closes it is stopped and its log removed. One that runs
 * already, as on a kept cluster, is left running until then, unless its program, arguments or environment have changed. Throws as `start`
 * does.
 */
export async function daemon(scope: Scope, plan: DaemonPlan): Promise<Daemon> {
  const made = new Daemon(plan);
  scope.defer(`${made.name} on ${made.node.name}`, () => made.remove(), { kind: "daemon" });
  await made.start();
  return made;
}

/** A shell's exit code in words: from 128 on it is a signal. */
function describeExit(code: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return signal ? signal[0] : `exit code ${code}`;
}

async function findProgram(node: Host, name: string): Promise<string> {
  const found = await node.exec(["sh", "-c", 'command -v "$1"', "sh", name]);
  const path = found.stdout.trim();
  if (found.code === 0 && path.startsWith("/")) return path;
  throw new HarnessError(`${node.name}: there is no program ${name}`, {
    hint: "put it on the node first, by node.files.write or packages()",
  });
}

async function isSocket(node: Host, path: string): Promise<boolean> {
  return (await node.exec(["test", "-S", path])).code === 0;
}
