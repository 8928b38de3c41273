import { once } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { within } from "#harness/core/async/poll.ts";
import { ProbeFailed } from "#harness/core/errors.ts";
import { RpcClient } from "#harness/core/rpc/client.ts";
import { bothHalves, type MethodsOf } from "#harness/core/rpc/messages.ts";
import type { Host } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { formatCommand } from "#harness/host/shell.ts";
import { interpreter, programCall } from "./program.ts";

const startDeadlineMs = 15_000;

/** A program on a host that has everything loaded which agents need, and forks one for each connection to its socket. */
interface ForkServer {
  /** Path of its socket on the host. */
  readonly socket: string;
  /** Rejects when it has ended. */
  readonly gone: Promise<never>;
  /** Has it end; agents that run go on. */
  end(): void;
}

/** By machine. It ends with the connection to it; the next agent is started from another one. */
const servers = new WeakMap<object, Promise<ForkServer>>();

/** What stands for the machine of a host: every `LocalHost` is the same one. */
export function machineOf(host: Host): object {
  return isThisMachine(host) ? LocalHost : host;
}

/** Whether it is a `LocalHost`, and none that does something of its own. */
export function isThisMachine(host: Host): boolean {
  return Object.getPrototypeOf(host) === LocalHost.prototype;
}

/** What agents are started for. */
export interface ForkOptions {
  /** What it does: probe the network from where it is, or run programs. */
  readonly kind?: "probe" | "programs";
  /** Path of the network namespace on the host; default: the host's own. */
  readonly netns?: string | undefined;
  /** How it reads in messages: "the probe agent on node1". */
  readonly peer: string;
  /** Makes the error with which calls fail once the agent has ended or says something else than answers. */
  readonly lost: (message: string) => Error;
}

/** An agent as it runs on a host. It ends with the connection to the host. */
export interface RunningAgent<M extends MethodsOf<M>> {
  readonly rpc: RpcClient<M>;
  /** Whether it keeps this process alive where the host is this machine; at first it does. */
  keepAlive(alive: boolean): void;
  /** Has it end by the end of what it is told, or cuts it off when that takes longer. */
  close(deadlineMs: number): Promise<void>;
  /** Cuts it off: it ends as soon as it notices. */
  cutOff(): void;
}

/** Starts an agent. Nothing is put onto the host but a socket. Needs `python3` there, at least 3.9. */
export async function forkAgent<M extends MethodsOf<M>>(
  host: Host,
  { kind = "probe", netns, peer, lost }: ForkOptions,
): Promise<RunningAgent<M>> {
  const stream = await connectTo(host);
  stream.write(`${JSON.stringify({ kind, netns: netns ?? null })}\n`);
  const rpc = new RpcClient<M>(bothHalves(stream), { peer, lost: (reason) => lost(`${peer}: ${reason}`) });
  // A stream of SSH tells its end once, and never that it is closed: who asks again would wait for it in vain.
  let closing: Promise<void> | undefined;
  const close = async (deadlineMs: number) => {
    if (stream.closed) return;
    const closed = once(stream, "close");
    stream.end();
    try {
      await within({ what: `${peer} to end`, deadlineMs }, closed);
    } catch {
      stream.destroy();
    }
  };
  return {
    rpc,
    keepAlive: (alive) => {
      if (stream instanceof Socket) alive ? stream.ref() : stream.unref();
    },
    cutOff: () => stream.destroy(),
    close: (deadlineMs) => (closing ??= close(deadlineMs)),
  };
}

/** A connection to the fork server of a host, which is started where there is none, or none any more. */
async function connectTo(host: Host): Promise<Duplex> {
  const machine = machineOf(host);
  const known = servers.get(machine);
  if (known) {
    try {
      return await host.connectSocket((await known).socket);
    } catch {
      // It has gone with the connection of its time.
      if (servers.get(machine) === known) servers.delete(machine);
    }
  }
  const server = servers.get(machine) ?? start(host);
  servers.set(machine, server);
  // One that was started in its place meanwhile stays.
  const forget = () => servers.get(machine) === server && servers.delete(machine);
  server.then(({ gone }) => gone).catch(forget);
  return host.connectSocket((await server).socket);
}

/** Ends what starts agents on a host, before this process does. Agents that run go on. */
export async function endForkServer(host: Host): Promise<void> {
  const server = servers.get(machineOf(host));
  servers.delete(machineOf(host));
  (await server)?.end();
}

async function start(host: Host): Promise<ForkServer> {
  const { argv, input } = programCall(["fork-server"]);
  const running = await host.spawn(argv);
  const { stdin, stdout, stderr, exit } = running;
  let said = "";
  let wrong = "";
  const path = new Promise<string>((resolve) => {
    stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("\n")) resolve(said.trim());
    });
  });
  stderr.on("data", (chunk: Buffer) => {
    wrong = (wrong + chunk.toString()).slice(-4000);
  });
  const gone = exit.then(({ code, signal }): never => {
    const ended = `the program that starts probe agents on ${host.name} ended with ${code ?? signal}`;
    throw new ProbeFailed(`${ended}\n  ${formatCommand(interpreter)} …\n  ${wrong.trim() || "(no output)"}`);
  });
  gone.catch(() => {});
  // A program that cannot be started closes it; how it ended tells why.
  stdin.on("error", () => {});
  stdin.write(input);
  const what = `the program that starts probe agents on ${host.name}`;
  const socket = await within({ what, deadlineMs: startDeadlineMs }, Promise.race([path, gone]));
  running.unref?.();
  return { socket, gone, end: () => stdin.end() };
}
