import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { identify, type ProcessIdentity, processesWith } from "#harness/core/process/process.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

/** Who gets the signal: every process of the terminal's group, the program, or what started the program as npm does. */
export const aims = ["group", "program", "starter"] as const;
export type Aim = (typeof aims)[number];

/** When a command is killed. */
export type Moment =
  /** After so many milliseconds. */
  | { readonly afterMs: number }
  /** When it has said so many lines. */
  | { readonly lines: number };

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
  readonly lines: number;
  readonly durationMs: number;
  /** Whether it was killed before it had ended by itself. */
  readonly killed: boolean;
  /** Variable by which its processes are found, e.g. `NETCONFORM_MARK=…`. */
  readonly mark: string;
  /** Every process of it that was there when it was killed. */
  readonly processes: readonly ProcessIdentity[];
}

const bootstrap = join(projectRoot, "harness/cli/bootstrap.mjs");

/** Runs a sub-command as npm does, to its end or until it is killed. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  kill?: { readonly moment: Moment; readonly aim: Aim },
): Promise<Ended> {
  const mark = `NETCONFORM_MARK=${randomUUID()}`;
  const [name = "", value] = mark.split("=");
  const began = performance.now();
  const running = $({
    cwd: projectRoot,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...withoutVitest(environmentWith()), NO_COLOR: "1", ...env, [name]: value },
  })`${[process.execPath, bootstrap, ...args]}`;
  let processes: ProcessIdentity[] = [];
  let killed = false;
  let ended = false;
  let lines = 0;
  let said = "";
  const strike = () => {
    if (killed || ended || !kill || running.pid === undefined) return;
    killed = true;
    const pids = processesOf(mark);
    processes = pids.flatMap((pid) => identify(pid) ?? []);
    const program = pids.find((pid) => /harness\/cli\/netconform\.ts/.test(argvOf(pid)));
    const target = { group: -running.pid, program: program ?? running.pid, starter: running.pid }[kill.aim];
    process.kill(target, "SIGKILL");
  };
  const { moment } = kill ?? {};
  const timer = moment && "afterMs" in moment ? setTimeout(strike, moment.afterMs) : undefined;
  for (const stream of [running.stdout, running.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      said += text;
      lines += text.split("\n").length - 1;
      if (moment && "lines" in moment && lines >= moment.lines) strike();
    });
  }
  // What it leaves behind may keep its streams open.
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    running.child?.once("exit", (code, signal) => resolve({ code, signal })),
  );
  const how = await exited;
  ended = true;
  clearTimeout(timer);
  if (!killed) await running;
  const durationMs = performance.now() - began;
  return { ...how, said, lines, durationMs, killed, mark, processes };
}

/** Processes with that mark, apart from those of an engine, which outlive the command that needed it first. */
export function processesOf(mark: string): number[] {
  return processesWith(mark).filter((pid) => !/dockerd|containerd|runc/.test(argvOf(pid)));
}

/** The command line of a process; empty when it is gone. */
export function argvOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** The project's tests run in a vitest, which a vitest of a command must not take for its own. */
function withoutVitest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|TEST$|NODE_ENV$|FORCE_COLOR$|CI$|GITHUB_|SEQUENTIAL$|KILL_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
