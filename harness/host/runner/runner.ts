import { ConnectionLost, HarnessError } from "#harness/core/errors.ts";
import { forkAgent, isThisMachine, machineOf, type RunningAgent } from "#harness/host/agent/fork-server.ts";
import type { Host } from "#harness/host/host.ts";
import { assignments } from "#harness/host/shell.ts";

/** A program to be run once, without a shell. */
export interface ProgramOrder {
  /** Absolute path of the program, or its name, to be found in the `PATH` of `environment`. */
  readonly argv: readonly string[];
  /** All of it: the program gets nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  /** For stdin, which is then closed. */
  readonly input: string;
  /** Milliseconds until the program and its process group are killed. */
  readonly deadlineMs: number;
  /** Most bytes of stdout that are kept, and of stderr. */
  readonly outputLimit: number;
  /** Where it runs; default: where the host's commands do. */
  readonly namespaces?: ProgramNamespaces | undefined;
}

/** Paths of namespaces on a host. */
export interface ProgramNamespaces {
  readonly netns?: string;
  readonly mountns?: string;
}

/** How a program ended and what it said. */
export interface ProgramEnd {
  /** `null` where a signal ended it. One that could not be started ends with 126 or 127. */
  readonly code: number | null;
  /** Without `SIG`. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes beyond the limit, which were read and dropped. */
  readonly dropped: { readonly stdout: number; readonly stderr: number };
  /** The deadline had passed, and it was killed. */
  readonly late: boolean;
  /** As it took on the host. */
  readonly durationMs: number;
}

interface ProgramMethods {
  run(given: {
    argv: readonly string[];
    environment: string[];
    input: string;
    deadlineMs: number;
    outputLimit: number;
    netns: string | null;
    mountns: string | null;
  }): Omit<ProgramEnd, "dropped"> & { dropped: [number, number] };
  state(given: { netns: string; folder: string | null }): string;
  put(given: { path: string; content: string; mode: number }): null;
  drop(given: { path: string }): null;
}

/** Beyond a program's own deadline: five seconds in which what it has started may hold its output, and the way. */
const graceMs = 15_000;
const fileMs = 30_000;
const stateMs = 90_000;

/** By machine; each is lost with the connection, and the next call starts another one. */
const runners = new WeakMap<object, Promise<RunningAgent<ProgramMethods>>>();
const underWay = new WeakMap<RunningAgent<ProgramMethods>, number>();

/**
 * Runs a program to its end, by an agent on the host that stays: a tenth of what a shell over SSH costs. Whatever the program does is a value.
 * When the connection goes or this process ends, the program is killed with its process group. Needs `python3` and `timeout` there.
 * Throws `ConnectionLost` where the host goes away, `ProbeFailed` where the agent cannot be started, `RpcError` where the host has no room for it or
 * a namespace cannot be entered.
 */
export async function runProgram(host: Host, order: ProgramOrder): Promise<ProgramEnd> {
  const { argv, environment, input, deadlineMs, outputLimit, namespaces } = order;
  const deadline = { what: `${argv.join(" ")} on ${host.name} to end`, deadlineMs: deadlineMs + graceMs };
  const { dropped, ...end } = await call(host, (rpc) =>
    rpc.call(
      "run",
      {
        ...{ deadlineMs, outputLimit },
        // What no UTF-8 can be made of reaches no program.
        argv: argv.map((one) => one.toWellFormed()),
        input: input.toWellFormed(),
        environment: assignments(environment).map((one) => one.toWellFormed()),
        netns: namespaces?.netns ?? null,
        mountns: namespaces?.mountns ?? null,
      },
      { deadline },
    ),
  );
  return {
    ...end,
    stdout: Buffer.from(end.stdout, "base64").toString(),
    stderr: Buffer.from(end.stderr, "base64").toString(),
    dropped: { stdout: dropped[0], stderr: dropped[1] },
  };
}

/**
 * What is set in a network namespace, in one call: sections of lines as `ip`, `tc`, `nft` and `iptables-save` print them, each behind a line
 * `=== name` but the first, with the names of its processes. With a folder of state, also the namespace's settings, the lines of the folder's files,
 * and which files are in `run` and `lib` beside it. Both paths are absolute. Throws as `runProgram` does, and where a tool does not end.
 */
export async function readNamespace(host: Host, netns: string, folder?: string): Promise<string> {
  const deadline = { what: `the state of ${netns} on ${host.name} to be read`, deadlineMs: stateMs };
  return call(host, (rpc) => rpc.call("state", { netns, folder: folder ?? null }, { deadline }));
}

/** Writes a file of a host whole or not at all, with the folders that it needs. `path` is absolute. */
export async function putFile(host: Host, path: string, content: string, mode: number): Promise<void> {
  const deadline = { what: `${path} on ${host.name} to be written`, deadlineMs: fileMs };
  await call(host, (rpc) => rpc.call("put", { path, content: content.toWellFormed(), mode }, { deadline }));
}

/** Removes a file of a host, which may be gone. */
export async function dropFile(host: Host, path: string): Promise<void> {
  const deadline = { what: `${path} on ${host.name} to be removed`, deadlineMs: fileMs };
  await call(host, (rpc) => rpc.call("drop", { path }, { deadline }));
}

async function call<T>(
  host: Host,
  work: (rpc: RunningAgent<ProgramMethods>["rpc"]) => Promise<T>,
): Promise<T> {
  const agent = await runnerOn(host);
  count(agent, 1);
  try {
    return await work(agent.rpc);
  } finally {
    count(agent, -1);
  }
}

/** An agent that nobody waits for does not keep this process alive. */
function count(agent: RunningAgent<ProgramMethods>, more: 1 | -1): void {
  const now = (underWay.get(agent) ?? 0) + more;
  underWay.set(agent, now);
  agent.keepAlive(now > 0);
}

async function runnerOn(host: Host): Promise<RunningAgent<ProgramMethods>> {
  const machine = machineOf(host);
  const known = runners.get(machine);
  const agent = await known?.catch(() => undefined);
  if (agent && !agent.rpc.ended) return agent;
  // Another caller may have started one since.
  if (runners.get(machine) !== known) return runnerOn(host);
  const peer = `what runs programs on ${host.name}`;
  const starting = forkAgent<ProgramMethods>(host, {
    ...{ kind: "programs", peer },
    lost: (reason) =>
      isThisMachine(host) ? new HarnessError(reason) : new ConnectionLost(host.name, reason),
  });
  runners.set(machine, starting);
  return starting;
}
